import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The delivery path of a worker, in its order. The wrappers in `points/` name the same points; `under_way` lies between
 * a request and its answer, `before_commit` between the statements of a transaction and its commit.
 */
export const points = [
  'read.answered',
  'page.before_statements',
  'page.before_commit',
  'page.committed',
  'claim.before_statements',
  'claim.before_commit',
  'claim.committed',
  'write.before',
  'write.under_way',
  'request.under_way',
  'request.answered',
  'write.answered',
  'acknowledge.before_statements',
  'acknowledge.before_commit',
  'acknowledge.committed',
  'look.answered',
  'listing.answered',
] as const;
export type Point = (typeof points)[number];

export type Trap = {
  /** The folder that armed processes look into. */
  readonly folder: string;
  /**
   * Waits until some worker comes by the point and kills there; false when none did in time, and none will. Several may
   * wait at once, each at a point of its own.
   */
  spring(point: Point, options: { readonly victim: number | null; readonly withinMs: number }): Promise<boolean>;
};

export function trapAt(folder: string): Trap {
  let orders = 0;
  return {
    folder,
    async spring(point, { victim, withinMs }) {
      orders += 1;
      const file = join(folder, point);
      const done = `${file}.${orders}.done`;
      await writeFile(`${file}.new`, JSON.stringify({ id: orders, ...(victim === null ? {} : { victim }) }));
      await rename(`${file}.new`, file);
      for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; await sleep(10))
        if (existsSync(done)) return true;
      await rm(file, { force: true });
      // Somebody may have taken it in this very moment.
      await sleep(20);
      return existsSync(done);
    },
  };
}
