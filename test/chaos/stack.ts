import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../src/contract/api/client.js';
import { type PairId, pairId } from '../../src/core/ids.js';
import { type Child, stopInOrder, type Stoppable } from '../../src/dev/processes.js';
import { type Composition, compose } from '../../src/main/compose.js';
import { readEnvironment } from '../../src/main/environment.js';
import { proxyTo, type Proxy } from '../connectors/postgres-proxy.js';
import { eventually } from '../workflows/stage.js';
import { type Clock, openClock } from './clock.js';
import { type Disk, openDisk } from './disk.js';
import { type HttpSide, openHttpSide } from './http-side.js';
import { type Trap, trapAt } from './points.js';
import { builtProgram, environmentOf, ownerToken, postgresOn, startProduct, temporalIn } from './product.js';
import type { Server } from './schedule.js';
import { type ChaosSide, openPostgresSide, type SideName } from './sides.js';

export type StackWish = {
  readonly pairs: number;
  readonly workers: number;
  readonly records: number;
  readonly seed: number;
  readonly say: (text: string) => void;
};

/** The built product and three systems, each process by itself, with the ways to hurt them. */
export type Stack = {
  readonly folder: string;
  readonly pairs: readonly PairId[];
  readonly sides: readonly ChaosSide[];
  readonly http: HttpSide;
  readonly client: ApiClient;
  /** The same product in this process, for reading what it holds; nothing is killed here. */
  readonly inside: Composition;
  readonly processes: {
    readonly workers: readonly [Child, ...Child[]];
    readonly api: Child;
    /** Each is started again when it dies; `pid` is undefined meanwhile. */
    readonly servers: { readonly [server in Server]: { pid(): number | undefined } };
  };
  readonly trap: Trap;
  /** The ways between the workers and a side. */
  readonly ways: { readonly [side in SideName]: readonly Proxy[] };
  readonly clock: Clock;
  readonly disks: { readonly hub: Disk; readonly sides: Disk };
  close(options?: { readonly keepFolder: boolean }): Promise<void>;
};

export async function openStack(wish: StackWish): Promise<Stack> {
  if (!existsSync(builtProgram)) throw new Error('there is no dist/src/main/cli.js: run npm run build first');
  const folder = await mkdtemp(join(tmpdir(), 'parley-chaos-'));
  await chmod(folder, 0o755);
  const up: Stoppable[] = [];
  const opened = (name: string, end: () => Promise<void>): void => void up.unshift({ name, stop: end, kill: end });
  try {
    return await bringUp(folder, wish, opened, () => stopInOrder(up));
  } catch (error) {
    await stopInOrder(up).catch(() => undefined);
    throw error;
  }
}

type Opened = (name: string, end: () => Promise<void>) => void;

async function bringUp(folder: string, wish: StackWish, opened: Opened, down: () => Promise<void>): Promise<Stack> {
  const { say, records, seed } = wish;
  let isKept = false;
  opened('folder', async () => (isKept ? undefined : rm(folder, { recursive: true, force: true })));
  const pairs = Array.from({ length: wish.pairs }, (_, at) => pairId(`chaos${at + 1}`));
  const disks = {
    hub: await openDisk(join(folder, 'hub'), join(folder, 'logs-hub')),
    sides: await openDisk(join(folder, 'sides'), join(folder, 'logs-sides')),
  };
  opened('disks', async () => {
    for (const disk of Object.values(disks)) await disk.close({ keep: isKept });
  });
  say('starting Postgres, twice, and the HTTP side');
  const hub = await postgresOn(disks.hub);
  opened('postgres', () => hub.stop());
  const sideServer = await postgresOn(disks.sides);
  opened('postgres', () => sideServer.stop());
  const a = await openPostgresSide({ name: 'a', server: sideServer, pairs, records });
  opened('a', () => a.close());
  const b = await openPostgresSide({ name: 'b', server: sideServer, pairs, records });
  opened('b', () => b.close());
  const http = await openHttpSide({ folder, pairs, records, seed });
  opened('c', () => http.close());
  const ways = {
    a: [await proxyTo(a.url(''))],
    b: [await proxyTo(b.url(''))],
    c: await Promise.all(pairs.map((pair) => proxyTo(http.url(pair)))),
  };
  opened(
    'ways',
    async () =>
      void (await Promise.all(
        Object.values(ways)
          .flat()
          .map((way) => way.close()),
      )),
  );
  say('starting Temporal');
  const temporal = await temporalIn(folder);
  opened('temporal', () => temporal.stop());
  const urls = { a: ways.a[0]?.url ?? '', b: ways.b[0]?.url ?? '', c: ways.c.map(({ url }) => url) };
  const variables = await environmentOf(folder, { hub, temporal, urls, pairs });
  const inside = await compose(readEnvironment(variables), { role: 'api' });
  opened('inside', () => inside.close());
  const token = await ownerToken(hub);
  say('starting the API and the workers');
  const clock = openClock(join(folder, 'clock'));
  const start = startProduct(folder, variables);
  const api = await start('api', {});
  opened('api', () => api.kill());
  const worker = async (more: { readonly [name: string]: string }): Promise<Child> => {
    const begun = await start('worker', more);
    opened('worker', () => begun.kill());
    return begun;
  };
  const workers: [Child, ...Child[]] = [await worker(clock.variables)];
  while (workers.length < wish.workers) workers.push(await worker({}));
  const client = createApiClient({ url: `http://127.0.0.1:${variables['PARLEY_PORT']}`, token });
  const answers = (): Promise<boolean> =>
    client.pairs.list().then(
      () => true,
      () => false,
    );
  await eventually('the API answers', answers);
  return {
    folder,
    pairs,
    sides: [a, b, http],
    http,
    client,
    inside,
    processes: { workers, api, servers: { temporal, hub, sideServer, httpSide: http } },
    trap: trapAt(join(folder, 'armed')),
    ways,
    clock,
    disks,
    async close(options) {
      isKept = options?.keepFolder === true;
      await down();
    },
  };
}
