import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process that can be told from a later one with the same number: its id and a mark of when it started. */
export type ProcessMark = { readonly pid: number; readonly started: string };

/** The mark of a process that runs now; undefined when there is none, or only the remains of a dead one. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  const started = process.platform === 'linux' ? await startedOnLinux(pid) : await startedElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether the very process that was marked still runs. */
export async function stillRuns(mark: ProcessMark): Promise<boolean> {
  return (await markOf(mark.pid))?.started === mark.started;
}

/**
 * Asks the process to end and waits; when it does not within `graceMs`, ends it. True when it is gone.
 * A process with the number of a marked one that is not that process is left alone.
 */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<boolean> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!(await stillRuns(mark))) return true;
    try {
      process.kill(mark.pid, signal);
    } catch {
      return !(await stillRuns(mark));
    }
    const until = Date.now() + waitMs;
    while (Date.now() < until) {
      if (!(await stillRuns(mark))) return true;
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }
  return !(await stillRuns(mark));
}

/** Clock ticks from this boot to the start, and which boot that is. */
async function startedOnLinux(pid: number): Promise<string | undefined> {
  try {
    const [line, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the program's name in brackets, which may itself hold spaces and brackets.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

async function startedElsewhere(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}
