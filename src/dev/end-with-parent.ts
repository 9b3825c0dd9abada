import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

const graceMs = 45_000;

/**
 * Loaded with `--import` before the program of a supervised process. Its standard input is a pipe whose other end
 * the supervisor holds and never writes to: when the supervisor is gone, however it ended, the pipe closes and this
 * process ends as if it had been asked to. Threads inherit the flag, but their standard input is not that pipe.
 */
if (isMainThread) {
  process.stdin.once('end', orphaned);
  process.stdin.once('error', orphaned);
  process.stdin.resume();
  // A program with nothing left to do may end while its supervisor lives. A pipe is a socket here, whatever its type says.
  (process.stdin as Partial<Pick<Socket, 'unref'>>).unref?.();
}

function orphaned(): void {
  setTimeout(() => process.exit(1), graceMs).unref();
  process.kill(process.pid, 'SIGTERM');
}
