import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ParleyError } from '../core/errors.js';

const run = promisify(execFile);

/** The operating system account a server process runs as; empty means: the account we run as ourselves. */
export type ServerAccount = { readonly uid?: number; readonly gid?: number };

/**
 * PostgreSQL refuses to run as root, so root hands it over to the account `postgres`, which is made when missing.
 * Everybody else runs it as themselves. Throws `dev.postgres_failed` when the account cannot be made.
 */
export async function postgresAccount(): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return {};
  const known = await lookUp();
  if (known !== undefined) return known;
  try {
    await run('groupadd', ['--force', '--system', 'postgres']);
    await run('useradd', ['--system', '--gid', 'postgres', '--no-create-home', '--shell', '/bin/false', 'postgres']);
  } catch (cause) {
    throw new ParleyError(
      'dev.postgres_failed',
      'PostgreSQL does not run as root, and no account "postgres" could be made.',
      {
        hint: 'Make an account named postgres, or run this command as an ordinary user.',
        cause,
      },
    );
  }
  const made = await lookUp();
  if (made === undefined)
    throw new ParleyError('dev.postgres_failed', 'The account "postgres" was made but is not found.');
  return made;
}

async function lookUp(): Promise<ServerAccount | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

/** Whether the account can read and enter the folder. The kernel is asked, as that account: modes alone miss parents. */
export async function canEnter(folder: string, account: ServerAccount): Promise<boolean> {
  if (account.uid === undefined) return true;
  try {
    await run('test', ['-r', folder, '-a', '-x', folder], { ...account, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}
