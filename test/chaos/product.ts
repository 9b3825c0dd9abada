import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import postgres from 'postgres';
import type { PairId } from '../../src/core/ids.js';
import { migrate } from '../../src/db/migrate.js';
import { keysIn } from '../../src/dev/keys.js';
import { freePort } from '../../src/dev/ports.js';
import { type KeptPostgres, keepPostgres } from '../../src/dev/postgres-keeper.js';
import { type Child, supervise } from '../../src/dev/processes.js';
import { findTemporal } from '../../src/dev/temporal-finder.js';
import { keepTemporal, type KeptTemporal } from '../../src/dev/temporal-keeper.js';
import { silentLog } from '../support/silent-log.js';
import type { Disk } from './disk.js';
import { chaosPairFile, connectionsFile } from './pair-files.js';
import { writeQuickWorkflows } from './quick-workflows.js';

const dist = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
export const builtProgram = dist('src/main/cli.js');
/** A server that was killed is started again at once: the waits of `parley dev` would be most of the run. */
const atOnce = { firstMs: 1, mostMs: 1, healthyMs: 1 };

export async function postgresOn(disk: Disk): Promise<KeptPostgres> {
  const settings = { max_wal_size: '64MB', min_wal_size: '32MB', max_connections: '150' };
  return keepPostgres({ folder: join(disk.folder, '.parley'), port: 0, log: silentLog, settings }, atOnce);
}

export async function temporalIn(folder: string): Promise<KeptTemporal> {
  const program = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined } });
  if (program.kind === 'server') throw new Error('assertion failed: the address was taken away');
  return keepTemporal({ folder: join(folder, 'temporal'), program, port: 0, log: silentLog }, atOnce);
}

type Places = {
  readonly hub: KeptPostgres;
  readonly temporal: KeptTemporal;
  /** Addresses of the sides for Parley: of the two tables, and of the API of each pair. */
  readonly urls: { readonly a: string; readonly b: string; readonly c: readonly string[] };
  readonly pairs: readonly PairId[];
};

/** What the product is told, with its database made and its files written. */
export async function environmentOf(folder: string, { hub, temporal, urls, pairs }: Places) {
  const ownerUrl = await hub.ensureDatabase({ name: 'parley', owner: 'parley_owner', users: ['parley_app'] });
  await migrate({ ownerUrl, appRole: 'parley_app' });
  await mkdir(join(folder, 'pairs'));
  await writeFile(join(folder, 'connections.yaml'), connectionsFile(pairs));
  for (const [at, pair] of pairs.entries())
    await writeFile(join(folder, 'pairs', `${pair}.yaml`), chaosPairFile(pair, at));
  const workflows = join(folder, 'workflow-bundle.js');
  await writeQuickWorkflows(dist('workflow-bundle.js'), workflows);
  await mkdir(join(folder, 'armed'));
  const home = join(folder, '.parley');
  await mkdir(home, { recursive: true });
  await writeFile(join(folder, 'temporal.toml'), '[profile.default]\n');
  const keys = await keysIn(home);
  const toC = pairs.map((pair, at) => [`C_${pair.toUpperCase()}_URL`, urls.c[at] ?? ''] as const);
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
    PARLEY_CHECKPOINT_KEY: keys.checkpoint,
    PARLEY_WRAPPING_KEY: keys.wrapping,
    PARLEY_TEST_ARMED: join(folder, 'armed'),
    PARLEY_TEST_WORKFLOWS: workflows,
    A_URL: urls.a,
    B_URL: urls.b,
    C_TOKEN: 'token-of-parley',
    ...Object.fromEntries(toC),
  };
  return variables;
}

/** @returns a token of the API that may do everything */
export async function ownerToken(hub: KeptPostgres): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const sql = postgres(await hub.url('parley', 'parley_owner'), { max: 1, onnotice: () => undefined });
  const hash = createHash('sha256').update(token).digest('hex');
  await sql`insert into api_tokens (hash, name, role) values (${hash}, 'chaos', 'owner')`;
  await sql.end();
  return token;
}

export function startProduct(folder: string, variables: { readonly [name: string]: string }) {
  const preload = (path: string): readonly string[] => ['--import', pathToFileURL(path).href];
  const points = fileURLToPath(new URL('./points/preload.mjs', import.meta.url));
  return (part: 'api' | 'worker', more: { readonly [name: string]: string }): Promise<Child> =>
    supervise({
      name: part,
      args: [builtProgram, 'serve', part],
      env: { ...variables, ...more },
      logFile: join(folder, `${part}.log`),
      graceMs: 5_000,
      onEvent: () => undefined,
      backoff: atOnce,
      nodeFlags: [...preload(dist('src/dev/end-with-parent.js')), ...(part === 'worker' ? preload(points) : [])],
    });
}
