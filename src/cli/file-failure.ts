import { wrongUsage } from './failure.js';

/** What to say of a file that was named and could not be made or read; other errors stay what they are. */
export function fileFailure(error: unknown, file: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
      return wrongUsage(`The file ${file} is there already. It was left as it is.`);
    case 'ENOENT':
    case 'EACCES':
    case 'EISDIR':
      return wrongUsage(`The file ${file} cannot be used (${(error as NodeJS.ErrnoException).code}).`);
    default:
      return error;
  }
}
