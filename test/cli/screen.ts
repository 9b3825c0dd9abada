import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { listen } from '../../src/api/serve.js';
import { hasher } from '../../src/main/hasher.js';
import type { Machinery } from '../../src/cli/machinery.js';
import { runCli } from '../../src/cli/run.js';
import { type Changes, nowMs, type SampleHub, sampleHub, tokens } from '../api/sample-hub.js';

export type Ran = {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** The lines of standard output as JSON. */
  readonly lines: () => readonly unknown[];
};
export type Running = {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  readonly machinery?: Partial<Machinery>;
  /** Columns of a terminal; none when not given. */
  readonly columns?: number;
  /** The keys that are pressed, and after which text of standard error; somebody is at the terminal then. */
  readonly keys?: { readonly after: string; readonly press: readonly string[] };
  /** Called with every text of standard output, and how to press Ctrl-C. */
  readonly onOut?: (text: string, interrupt: () => void) => void;
};

const refuses = (): Promise<never> => Promise.reject(new Error('this test brings nothing of the kind'));

/** Runs the command line in this process, with what it prints kept apart. */
export async function running({ words, cwd, env = {}, machinery = {}, columns, keys, onOut }: Running): Promise<Ran> {
  let [out, err] = ['', ''];
  let heard: (count: number) => void = () => undefined;
  let typed: (keys: string) => void = () => undefined;
  let waiting = keys?.press ?? [];
  const screen = columns === undefined ? {} : { isTTY: true, columns };
  const exit = await runCli(
    words,
    {
      stdout: {
        ...screen,
        write(text) {
          out += text;
          onOut?.(text, () => heard(1));
        },
      },
      stderr: {
        ...screen,
        write(text) {
          err += text;
          if (keys === undefined || !text.includes(keys.after)) return;
          const pressed = waiting;
          waiting = [];
          for (const key of pressed) typed(key);
        },
      },
      stdin: { isTTY: keys !== undefined },
      onKey(listener) {
        typed = listener;
        return () => undefined;
      },
      env,
      cwd,
      nowMs: () => nowMs,
      onInterrupt(listener) {
        heard = listener;
        return () => undefined;
      },
      leave: () => undefined,
    },
    {
      version: '0.1.0',
      serve: refuses,
      dev: refuses,
      examine: refuses,
      demo: refuses,
      describe: refuses,
      addToken: refuses,
      rotateKeys: refuses,
      retention: refuses,
      proofs: () => Promise.resolve({ hasher, openNote: () => null }),
      example: (name) => join(import.meta.dirname, '../../examples', name),
      ...machinery,
    },
  );
  const lines = (): readonly unknown[] =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  return { exit, out, err, lines };
}

/** A folder that is gone when the test is. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export type Served = { readonly hub: SampleHub; readonly run: (...words: string[]) => Promise<Ran> } & {
  readonly with: (how: Omit<Running, 'cwd' | 'env'>) => Promise<Ran>;
};

/** The sample hub behind a real port, and the command line as a client of it. */
export async function served(changes: Changes = {}): Promise<Served> {
  const hub = sampleHub(changes);
  const stopping = new AbortController();
  const serving = await listen({ fetch: hub.app.fetch, host: '127.0.0.1', port: 0, graceMs: 50 });
  onTestFinished(async () => {
    stopping.abort();
    await serving.close();
  });
  const cwd = await emptyFolder();
  const env = { PARLEY_URL: `http://127.0.0.1:${serving.port}`, PARLEY_TOKEN: tokens.owner };
  const withHow: Served['with'] = (how) => running({ ...how, cwd, env });
  return { hub, with: withHow, run: (...words) => withHow({ words }) };
}
