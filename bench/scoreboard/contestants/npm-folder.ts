import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Unavailable } from '../arena.js';

/** Where peers are kept, outside of the project: they are no dependency of ours. */
export const peerFolder = join(process.env['PARLEY_CACHE'] ?? join(homedir(), '.cache', 'parley'), 'scoreboard');

/** Installs exact versions with npm into a folder of their own, once, and returns what loads them from there. */
export async function installFromNpm(
  name: string,
  packages: { readonly [name: string]: string },
): Promise<(module: string) => unknown> {
  const folder = join(peerFolder, name);
  const manifest = join(folder, 'package.json');
  const wanted = JSON.stringify({ private: true, dependencies: packages });
  try {
    if ((await readFile(join(folder, 'installed.json'), 'utf8').catch(() => '')) !== wanted) {
      await mkdir(folder, { recursive: true });
      await writeFile(manifest, wanted);
      const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--engine-strict=false'];
      await promisify(execFile)('npm', ['install', ...flags], { cwd: folder });
      await writeFile(join(folder, 'installed.json'), wanted);
    }
    return createRequire(manifest) as (module: string) => unknown;
  } catch (error) {
    throw new Unavailable(`npm could not install it: ${firstLine(error)}`);
  }
}

/** The first line in which a failed command says something. */
export function firstLine(error: unknown): string {
  const { stderr = '', message } = error as Error & { readonly stderr?: string };
  const lines = (stderr === '' ? message : stderr).split('\n');
  return lines.find((line) => /\S/.test(line) && !/npm warn/i.test(line)) ?? message;
}
