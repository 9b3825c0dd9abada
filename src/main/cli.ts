#!/usr/bin/env node
import { runCli } from '../cli/run.js';
import { processVariables } from './environment.js';
import { machineryOf } from './machinery.js';

// A reader that has seen enough (`parley ledger list | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

/** Keys one by one. Ctrl-C and Ctrl-Z are no signals then, so they are made into what they stand for. */
function onKey(heard: (keys: string) => void): () => void {
  const { stdin } = process;
  const signals: { readonly [key: string]: NodeJS.Signals } = { '\u0003': 'SIGINT', '\u001a': 'SIGTSTP' };
  const listener = (keys: string): void => {
    const signal = signals[keys];
    if (signal === undefined) heard(keys);
    else process.kill(process.pid, signal);
  };
  const again = (): void => void stdin.setRawMode(true);
  stdin.setRawMode(true).setEncoding('utf8').on('data', listener).resume();
  process.on('SIGCONT', again);
  return () => {
    process.removeListener('SIGCONT', again);
    stdin.removeListener('data', listener).pause();
    stdin.setRawMode(false);
  };
}

const variables = processVariables();
process.exitCode = await runCli(
  process.argv.slice(2),
  {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: variables,
    cwd: process.cwd(),
    nowMs: () => Date.now(),
    onInterrupt(heard) {
      let count = 0;
      const listener = (): void => heard((count += 1));
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.removeListener('SIGINT', listener);
        process.removeListener('SIGTERM', listener);
      };
    },
    onKey,
    leave: (exit) => process.exit(exit),
  },
  machineryOf(variables),
);
