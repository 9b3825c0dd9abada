import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Waits between restarts: doubled each time, from the beginning again once a process has lived `healthyMs`. */
export type Backoff = { readonly firstMs: number; readonly mostMs: number; readonly healthyMs: number };
export const usualBackoff: Backoff = { firstMs: 500, mostMs: 30_000, healthyMs: 30_000 };

export type ChildWish = {
  readonly name: string;
  /** The script and its arguments, run by the Node that runs us. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What the process prints is appended here. */
  readonly logFile: string;
  /** How long it may take to end when asked, in ms. */
  readonly graceMs: number;
  readonly onEvent: (event: ChildEvent) => void;
  readonly backoff?: Backoff;
  /** Flags of Node before the script; by default those that end the process when we are gone. */
  readonly nodeFlags?: readonly string[];
};

export type ChildEvent =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number }
  | {
      readonly kind: 'died';
      readonly name: string;
      readonly how: string;
      /** In a row, without living long enough in between. */
      readonly deaths: number;
      readonly restartInMs: number;
    }
  | { readonly kind: 'stopped'; readonly name: string };

/** Something that is stopped in its turn. */
export type Stoppable = {
  readonly name: string;
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
};

export type Child = Stoppable & { pid(): number | undefined };

/** Flags that make a Node process end when the process that started it is gone. */
export const endWithParentFlags: readonly string[] = [
  '--import',
  new URL('./end-with-parent.js', import.meta.url).href,
];

/**
 * Runs a Node process and starts it again when it dies, until it is stopped. It gets a session of its own: Ctrl-C in
 * the terminal reaches us only, and we stop everything in order.
 */
export async function supervise(wish: ChildWish): Promise<Child> {
  const backoff = wish.backoff ?? usualBackoff;
  await mkdir(dirname(wish.logFile), { recursive: true });
  let current: ChildProcess | undefined;
  let life: Promise<void> = Promise.resolve();
  let restart: NodeJS.Timeout | undefined;
  let stopping = false;
  let deaths = 0;

  const died = (how: string, livedMs: number): void => {
    current = undefined;
    if (stopping) return;
    deaths = livedMs >= backoff.healthyMs ? 1 : deaths + 1;
    const restartInMs = Math.min(backoff.firstMs * 2 ** (deaths - 1), backoff.mostMs);
    wish.onEvent({ kind: 'died', name: wish.name, how, deaths, restartInMs });
    restart = setTimeout(begin, restartInMs);
  };
  const live = async (): Promise<void> => {
    const startedAtMs = Date.now();
    try {
      current = await spawnNode(wish);
      const over = endOf(current);
      if (current.pid !== undefined) wish.onEvent({ kind: 'started', name: wish.name, pid: current.pid });
      // Stopped in the moment between the order to start and the start.
      if (stopping) current.kill('SIGTERM');
      died(await over, Date.now() - startedAtMs);
    } catch (error) {
      died(error instanceof Error ? error.message : String(error), Date.now() - startedAtMs);
    }
  };
  const begin = (): void => {
    life = live();
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    stopping = true;
    clearTimeout(restart);
    current?.kill(signal);
    const last = setTimeout(() => current?.kill('SIGKILL'), wish.graceMs);
    await life;
    clearTimeout(last);
  };

  begin();
  return {
    name: wish.name,
    pid: () => current?.pid,
    async stop() {
      await end('SIGTERM');
      wish.onEvent({ kind: 'stopped', name: wish.name });
    },
    kill: () => end('SIGKILL'),
  };
}

/** How it ended, in words. */
async function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
}

async function spawnNode(wish: ChildWish): Promise<ChildProcess> {
  const output = await open(wish.logFile, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...(wish.nodeFlags ?? endWithParentFlags), ...wish.args], {
      detached: true,
      env: wish.env,
      stdio: ['pipe', output.fd, output.fd],
    });
    // Nothing is ever written to it; it only tells the process that we are still here.
    child.stdin?.on('error', () => undefined);
    return child;
  } finally {
    await output.close();
  }
}

/** Stops one after the other, in the given order. One that fails does not keep the others running; its error is thrown last. */
export async function stopInOrder(parts: readonly Stoppable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) {
    try {
      await part.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Ends all of them at once. */
export async function killAll(parts: readonly Stoppable[]): Promise<void> {
  await Promise.allSettled(parts.map((part) => part.kill()));
}

export type Interruption = { readonly signal: NodeJS.Signals; readonly forced: boolean };

/**
 * Waits for Ctrl-C, SIGTERM or a closed terminal, then stops; a second one kills instead of waiting. Resolves when
 * everything is down. `onSignal` is called first, to say what is going on.
 */
export async function stopOnSignal(
  parts: { stop(): Promise<void>; kill(): Promise<void> },
  onSignal: (signal: NodeJS.Signals, count: number) => void,
): Promise<Interruption> {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  return new Promise((resolve, reject) => {
    let count = 0;
    const over = (): void => {
      for (const signal of signals) process.removeListener(signal, heard);
    };
    const heard = (signal: NodeJS.Signals): void => {
      count += 1;
      onSignal(signal, count);
      if (count > 2) return;
      const forced = count === 2;
      (forced ? parts.kill() : parts.stop()).then(
        () => {
          over();
          resolve({ signal, forced });
        },
        (error: unknown) => {
          over();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    };
    for (const signal of signals) process.on(signal, heard);
  });
}
