import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type ApiClient, createApiClient } from '../../../src/contract/api/client.js';
import { readDevFile } from '../../../src/dev/dev-file.js';
import type { DevUp } from '../../../src/cli/machinery.js';
import { Unavailable } from '../arena.js';

const cli = join(import.meta.dirname, '..', '..', '..', 'dist', 'src', 'main', 'cli.js');
const outputMax = 64 * 2 ** 20;

/** The product as a person runs it: `parley dev` in a folder, and the command line. */
export type ParleyServer = {
  readonly client: ApiClient;
  readonly version: string;
  /** Runs a command with `--json` and returns the data of its last line; throws what it reports as problems. */
  run(...words: readonly string[]): Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL to every process of the stack at once. */
  kill(): Promise<void>;
  /** Throws Temporal's data away; only while stopped. */
  wipeTemporal(): Promise<void>;
};

/** `variables` is asked at each start and command: what `env:NAME` names may move in between. */
export async function openParleyServer(folder: string, variables: () => NodeJS.ProcessEnv): Promise<ParleyServer> {
  if (!existsSync(cli)) throw new Unavailable('there is no dist/src/main/cli.js: run npm run build first');
  const { PARLEY_URL: _url, PARLEY_TOKEN: _token, PARLEY_CONFIG: _config, ...inherited } = process.env;
  const env = (): NodeJS.ProcessEnv => ({ ...inherited, ...variables(), PARLEY_LOG: 'warn' });
  let up: { readonly child: ChildProcess; readonly client: ApiClient } | undefined;
  const exec = promisify(execFile);
  const { stdout: version } = await exec(process.execPath, [cli, '--version']);
  const ended = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve));
  };
  return {
    version: version.trim(),
    get client() {
      if (up === undefined) throw new Error('assertion failed: the server does not run');
      return up.client;
    },
    async run(...words) {
      const said = await exec(process.execPath, [cli, ...words, '--json', '--folder', folder], {
        env: env(),
        maxBuffer: outputMax,
      }).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string });
      return dataOf(words.join(' '), said.stdout, said.stderr);
    },
    async start() {
      const child = spawn(process.execPath, [cli, 'dev', '--json', '--quiet', '--folder', folder], {
        env: env(),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // When the measurement is broken off, the stack stops in order.
      process.once('exit', () => child.kill('SIGTERM'));
      const { url, token } = await upOf(child);
      up = { child, client: createApiClient({ url, token }) };
    },
    async stop() {
      if (up === undefined) return;
      const { child } = up;
      up = undefined;
      child.kill('SIGTERM');
      await ended(child);
    },
    async kill() {
      if (up === undefined) throw new Error('assertion failed: the server does not run');
      const { child } = up;
      up = undefined;
      for (const pid of [child.pid, ...(await pidsOf(folder))]) if (pid !== undefined) killNow(pid);
      await ended(child);
    },
    async wipeTemporal() {
      const home = join(folder, '.parley');
      for (const name of await readdir(home))
        if (/^temporal.*\.db/.test(name)) await rm(join(home, name), { force: true });
    },
  };
}

/** The last line of `--json`. */
function dataOf(command: string, stdout: string, stderr: string): unknown {
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`parley ${command} answered nothing: ${stderr.slice(0, 500)}`);
  const result = JSON.parse(last) as {
    readonly ok: boolean;
    readonly data: unknown;
    readonly problems: readonly { readonly code: string; readonly message: string }[];
  };
  if (result.ok || result.problems.length === 0) return result.data;
  throw new Error(result.problems.map(({ code, message }) => `${code}: ${message}`).join('; '));
}

/** Waits for the line that says where the API is; what is said later is read too, so that the child never blocks. */
function upOf(child: ChildProcess): Promise<DevUp> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('parley dev ended before it was up')));
    if (child.stdout === null) throw new Error('assertion failed: its output is read');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as { readonly event?: string; readonly problems?: unknown } & DevUp;
      if (event.event === 'up') resolve(event);
      else if (event.problems !== undefined) reject(new Error(`parley dev did not start: ${line}`));
    });
  });
}

async function pidsOf(folder: string): Promise<readonly number[]> {
  const file = await readDevFile(folder);
  if (file === undefined) throw new Error('assertion failed: dev.json is there while the server runs');
  const postmaster = await readFile(join(file.database.dataFolder, 'postmaster.pid'), 'utf8');
  const temporal = await readFile(join(folder, '.parley', 'temporal.pid'), 'utf8').catch(() => '');
  const found = [
    ...Object.values(file.pids),
    Number.parseInt(postmaster, 10),
    Number(/"pid":(\d+)/.exec(temporal)?.[1]),
  ];
  return [...new Set(found.filter((pid) => Number.isInteger(pid)))];
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone already, which is what was wanted.
  }
}
