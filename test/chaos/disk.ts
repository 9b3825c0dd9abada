import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

/** A small disk of its own for a server, which can be filled to the last byte. */
export type Disk = {
  readonly folder: string;
  /** Why it is a folder like any other and cannot be filled; null when it can. */
  readonly missing: string | null;
  fill(): void;
  /** Whether the server on it was refused a write since the last `fill`. */
  hasStruck(): boolean;
  empty(): void;
  /** With `keep` what was on it stays as an ordinary folder. */
  close(options: { readonly keep: boolean }): Promise<void>;
};

const sizeMiB = 512;
/** What PostgreSQL writes into its log then. */
const refusal = 'No space left on device';

/** @param logs where the server's log goes: on the small disk there would be no room for what it has to say */
export async function openDisk(folder: string, logs: string): Promise<Disk> {
  mkdirSync(folder);
  const ballast = join(folder, 'ballast');
  const missing = mounted(folder);
  chmodSync(folder, 0o755);
  mkdirSync(logs);
  mkdirSync(join(folder, '.parley'));
  symlinkSync(logs, join(folder, '.parley', 'logs'));
  const log = join(logs, 'postgres.log');
  let saidBefore = 0;
  return {
    folder,
    missing,
    fill() {
      if (missing !== null) return;
      saidBefore = statSync(log).size;
      const { bavail, bsize } = statfsSync(folder);
      // Whoever is quicker takes the last pages; then the disk is full all the same.
      run('fallocate', '-l', String(Math.max(bsize, (bavail - 1) * bsize)), ballast);
    },
    hasStruck: () => textFrom(log, saidBefore).includes(refusal),
    empty: () => rmSync(ballast, { force: true }),
    async close({ keep }) {
      if (missing !== null) return;
      if (keep) run('cp', '-a', folder, `${folder}-kept`);
      run('umount', '-l', folder);
    },
  };
}

function textFrom(file: string, from: number): string {
  const size = Math.max(0, statSync(file).size - from);
  const opened = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(size);
    return bytes.toString('utf8', 0, readSync(opened, bytes, 0, size, from));
  } finally {
    closeSync(opened);
  }
}

function mounted(folder: string): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can make a small disk';
  return run('mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder) ? null : 'tmpfs cannot be mounted here';
}

function run(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, [...args], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
