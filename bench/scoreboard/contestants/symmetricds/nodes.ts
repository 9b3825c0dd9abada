import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./Nodes.java', import.meta.url));
const patienceMs = 180_000;

/** The process that runs both nodes. */
export type Nodes = {
  /** Returns when both nodes have done it. */
  say(word: 'part' | 'rejoin'): Promise<void>;
  kill(): Promise<void>;
};

export async function startNodes(options: {
  readonly classPath: string;
  readonly folder: string;
  readonly files: readonly string[];
}): Promise<Nodes> {
  const log = await open(join(options.folder, 'log'), 'a');
  const words = ['-Xmx512m', '-cp', options.classPath, program, ...options.files];
  const child = spawn('java', words, { cwd: options.folder, stdio: ['pipe', 'pipe', log.fd] });
  await log.close();
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  const heard = listenTo(child);
  await heard('started');
  return {
    async say(word) {
      child.stdin?.write(`${word}\n`);
      await heard(word);
    },
    async kill() {
      process.removeListener('exit', stop);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      stop();
      await ended;
    },
  };
}

/** Returns what waits for `done WORD` on the output of a process. */
function listenTo(child: ChildProcess): (word: string) => Promise<void> {
  const waiting = new Map<string, () => void>();
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('done ')) waiting.get(line.slice('done '.length))?.();
    });
  return (word) =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`SymmetricDS ended, or did not answer to \`${word}\``));
      const timer = setTimeout(fail, patienceMs);
      child.once('exit', fail).once('error', fail);
      waiting.set(word, () => {
        clearTimeout(timer);
        child.removeListener('exit', fail).removeListener('error', fail);
        resolve();
      });
    });
}
