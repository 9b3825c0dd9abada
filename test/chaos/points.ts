import { readFile, rename, rm, writeFile } from 'node:fs/promises';
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
  /** The file that armed processes look for. */
  readonly file: string;
  /** Waits until some worker comes by the point and kills there; false when none did in time, and none will. */
  spring(point: Point, options: { readonly victim: number | null; readonly withinMs: number }): Promise<boolean>;
};

export function trapAt(file: string): Trap {
  let orders = 0;
  return {
    file,
    async spring(point, { victim, withinMs }) {
      orders += 1;
      const id = orders;
      await writeFile(`${file}.new`, JSON.stringify({ id, point, ...(victim === null ? {} : { victim }) }));
      await rename(`${file}.new`, file);
      const wasTaken = async (): Promise<boolean> =>
        readFile(`${file}.${id}`).then(
          () => true,
          () => false,
        );
      for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; await sleep(10))
        if (await wasTaken()) return true;
      await rm(file, { force: true });
      return wasTaken();
    },
  };
}
