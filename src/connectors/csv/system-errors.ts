import { type ErrorCode, ParleyError } from '../../core/errors.js';

type Doing = 'read' | 'written';

const busy = new Set(['EBUSY', 'ETXTBSY', 'EMFILE', 'ENFILE', 'EAGAIN']);
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const forbidden = new Set(['EACCES', 'EPERM', 'EROFS']);
const absent = new Set(['ENOENT', 'ENOTDIR']);

export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** What the operating system said about a file, as our own error. Anything else is passed on as it is. */
export function asRefusal(error: unknown, object: string, doing: Doing): unknown {
  if (error instanceof ParleyError) return error;
  const system = systemCode(error);
  const refuse = (code: ErrorCode, message: string, hint: string): ParleyError =>
    new ParleyError(code, `${object} was not ${doing}: ${message}`, { hint, cause: error });
  if (full.has(system)) {
    return refuse('connector.no_space', `no space is left for it (${system}). The file is as it was.`, 'Free space.');
  }
  // Windows says EPERM or EACCES of a file that another program holds open; waiting helps there and nowhere else.
  if (busy.has(system) || (process.platform === 'win32' && forbidden.has(system))) {
    const hint = 'It is tried again; close the program that holds the file.';
    return refuse('connector.source_unstable', `another program holds it (${system}).`, hint);
  }
  if (forbidden.has(system)) {
    const message = `the system does not permit it (${system}). The file is as it was.`;
    return refuse('connector.denied', message, 'Give this process the right to read the file and write its folder.');
  }
  if (absent.has(system)) {
    const hint = 'Put the file into the folder, or correct its name in the pair.';
    return refuse('connector.object_not_found', 'it is not there.', hint);
  }
  if (system === 'EISDIR') {
    return refuse('connector.source_invalid', 'it is a folder.', 'Name a file.');
  }
  return error;
}
