import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** A small disk of its own for a server, which can be filled to the last byte. */
export type Disk = {
  readonly folder: string;
  /** Why it is a folder like any other and cannot be filled; null when it can. */
  readonly missing: string | null;
  fill(): void;
  empty(): void;
  close(): Promise<void>;
};

const sizeMiB = 512;

export async function openDisk(folder: string): Promise<Disk> {
  mkdirSync(folder);
  const ballast = join(folder, 'ballast');
  const missing = mounted(folder);
  chmodSync(folder, 0o755);
  return {
    folder,
    missing,
    fill() {
      if (missing !== null) return;
      const { bavail, bsize } = statfsSync(folder);
      // Whoever is quicker takes the last pages; then the disk is full all the same.
      run('fallocate', '-l', String(Math.max(bsize, (bavail - 1) * bsize)), ballast);
    },
    empty: () => rmSync(ballast, { force: true }),
    async close() {
      if (missing === null) run('umount', '-l', folder);
    },
  };
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
