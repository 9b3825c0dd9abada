import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import postgres from 'postgres';
import { type ApiClient, createApiClient } from '../../src/contract/api/client.js';
import { type PairId, pairId } from '../../src/core/ids.js';
import { migrate } from '../../src/db/migrate.js';
import { keysIn } from '../../src/dev/keys.js';
import { freePort } from '../../src/dev/ports.js';
import { type KeptPostgres, keepPostgres } from '../../src/dev/postgres-keeper.js';
import { type Child, stopInOrder, type Stoppable, supervise } from '../../src/dev/processes.js';
import { findTemporal } from '../../src/dev/temporal-finder.js';
import { keepTemporal, type KeptTemporal } from '../../src/dev/temporal-keeper.js';
import { type Composition, compose } from '../../src/main/compose.js';
import { readEnvironment } from '../../src/main/environment.js';
import { proxyTo, type Proxy } from '../connectors/postgres-proxy.js';
import { silentLog } from '../support/silent-log.js';
import { eventually } from '../workflows/stage.js';
import { type Clock, openClock } from './clock.js';
import { type Disk, openDisk } from './disk.js';
import { chaosPairFile, connectionsFile } from './pair-files.js';
import { type Trap, trapAt } from './points.js';
import { type ChaosSide, type HttpSide, openHttpSide, openPostgresSide, type SideName } from './sides.js';

const dist = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
const cli = dist('src/main/cli.js');
/** A server that was killed is started again at once: the waits of `parley dev` would be most of the run. */
const atOnce = { firstMs: 1, mostMs: 1, healthyMs: 1 };

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
    readonly workers: readonly Child[];
    readonly api: Child;
    readonly temporal: KeptTemporal;
    readonly hub: KeptPostgres;
    readonly sideServer: KeptPostgres;
  };
  readonly trap: Trap;
  /** The ways between the workers and a side. */
  readonly ways: { readonly [side in SideName]: readonly Proxy[] };
  readonly clock: Clock;
  readonly disks: { readonly hub: Disk; readonly sides: Disk };
  close(options?: { readonly keepFolder: boolean }): Promise<void>;
};

export async function openStack(wish: StackWish): Promise<Stack> {
  if (!existsSync(cli)) throw new Error('there is no dist/src/main/cli.js: run npm run build first');
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
  const disks = { hub: await openDisk(join(folder, 'hub')), sides: await openDisk(join(folder, 'sides')) };
  opened('disks', async () => void (await Promise.all([disks.hub.close(), disks.sides.close()])));
  say('starting Postgres, twice, and the HTTP side');
  const hub = await server(disks.hub, opened);
  const sideServer = await server(disks.sides, opened);
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
  const temporal = await temporalIn(folder, opened);
  const variables = await environmentOf(folder, { hub, temporal, ways, pairs });
  const token = randomBytes(32).toString('base64url');
  const inside = await compose(readEnvironment(variables), { role: 'api' });
  opened('inside', () => inside.close());
  await saveToken(hub, token);
  say('starting the API and the workers');
  const clock = openClock(join(folder, 'clock'));
  const start = startProduct(folder, variables);
  const api = await start('api', {});
  opened('api', () => api.kill());
  const workers: Child[] = [];
  for (let at = 0; at < wish.workers; at += 1) {
    const worker = await start('worker', at === 0 ? clock.variables : {});
    opened('worker', () => worker.kill());
    workers.push(worker);
  }
  const client = createApiClient({ url: `http://127.0.0.1:${variables['PARLEY_PORT']}`, token });
  const answers = (): Promise<boolean> =>
    client.pairs.list().then(
      () => true,
      () => false,
    );
  await eventually('the API answers', answers, 120_000);
  return {
    folder,
    pairs,
    sides: [a, b, http],
    http,
    client,
    inside,
    processes: { workers, api, temporal, hub, sideServer },
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

async function server(disk: Disk, opened: Opened): Promise<KeptPostgres> {
  const settings = { max_wal_size: '64MB', min_wal_size: '32MB', max_connections: '60' };
  const kept = await keepPostgres({ folder: join(disk.folder, '.parley'), port: 0, log: silentLog, settings });
  opened('postgres', () => kept.stop());
  return kept;
}

async function temporalIn(folder: string, opened: Opened): Promise<KeptTemporal> {
  const program = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined } });
  if (program.kind === 'server') throw new Error('assertion failed: the address was taken away');
  const kept = await keepTemporal({ folder: join(folder, 'temporal'), program, port: 0, log: silentLog });
  opened('temporal', () => kept.stop());
  return kept;
}

type Places = {
  readonly hub: KeptPostgres;
  readonly temporal: KeptTemporal;
  readonly ways: Stack['ways'];
  readonly pairs: readonly PairId[];
};

async function environmentOf(folder: string, { hub, temporal, ways, pairs }: Places) {
  const ownerUrl = await hub.ensureDatabase({ name: 'parley', owner: 'parley_owner', users: ['parley_app'] });
  await migrate({ ownerUrl, appRole: 'parley_app' });
  await mkdir(join(folder, 'pairs'));
  await writeFile(join(folder, 'connections.yaml'), connectionsFile(pairs));
  for (const pair of pairs) await writeFile(join(folder, 'pairs', `${pair}.yaml`), chaosPairFile(pair));
  const home = join(folder, '.parley');
  await mkdir(home, { recursive: true });
  await writeFile(join(folder, 'temporal.toml'), '[profile.default]\n');
  const toC = pairs.map((pair, at) => [`C_${pair.toUpperCase()}_URL`, ways.c[at]?.url ?? ''] as const);
  const variables: { [name: string]: string } = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: await hub.url('parley', 'parley_app'),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml'),
    PARLEY_PORT: String(await freePort(0)),
    PARLEY_CONFIG: folder,
    PARLEY_HOME: home,
    PARLEY_LOG: 'warn',
    PARLEY_CHECKPOINTS: join(home, 'checkpoints'),
    PARLEY_CHECKPOINT_KEY: (await keysIn(home)).checkpoint,
    PARLEY_TEST_ARMED: join(folder, 'armed'),
    A_URL: ways.a[0]?.url ?? '',
    B_URL: ways.b[0]?.url ?? '',
    C_TOKEN: 'token-of-parley',
    ...Object.fromEntries(toC),
  };
  return variables;
}

async function saveToken(hub: KeptPostgres, token: string): Promise<void> {
  const sql = postgres(await hub.url('parley', 'parley_owner'), { max: 1, onnotice: () => undefined });
  const hash = createHash('sha256').update(token).digest('hex');
  await sql`insert into api_tokens (hash, name, role) values (${hash}, 'chaos', 'owner')`;
  await sql.end();
}

function startProduct(folder: string, variables: { readonly [name: string]: string }) {
  const preload = (path: string): readonly string[] => ['--import', pathToFileURL(path).href];
  const points = fileURLToPath(new URL('./points/preload.mjs', import.meta.url));
  return (part: 'api' | 'worker', more: { readonly [name: string]: string }): Promise<Child> =>
    supervise({
      name: part,
      args: [cli, 'serve', part],
      env: { ...variables, ...more },
      logFile: join(folder, `${part}.log`),
      graceMs: 5_000,
      onEvent: () => undefined,
      backoff: atOnce,
      nodeFlags: [...preload(dist('src/dev/end-with-parent.js')), ...(part === 'worker' ? preload(points) : [])],
    });
}
