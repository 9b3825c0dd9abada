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
    leave: (exit) => process.exit(exit),
  },
  machineryOf(variables),
);
