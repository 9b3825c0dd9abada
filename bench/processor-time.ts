import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Milliseconds of a tick in /proc: Linux shows 100 a second to everybody. */
const tickMs = 10;

/**
 * Processor time that a server and its sessions have used, in milliseconds; null where there is no /proc. On a machine
 * with company it says more than the clock does.
 */
export async function serverTimeMs(dataFolder: string): Promise<number | null> {
  const server = (await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0] as string;
  const own = await fieldsOf(server);
  if (own === null) return null;
  // Its own time and that of the sessions that have ended; then of those that live.
  let ticks = sum(own.slice(11, 15));
  for (const name of await readdir('/proc')) {
    const fields = /^\d+$/.test(name) ? await fieldsOf(name) : null;
    if (fields?.[1] === server) ticks += sum(fields.slice(11, 13));
  }
  return ticks * tickMs;
}

/** What follows the name of a process, which may hold spaces: its state, its parent, …; null when there is none. */
async function fieldsOf(pid: string): Promise<readonly string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function sum(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + Number(text), 0);
}
