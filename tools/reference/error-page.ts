import { statusOf } from '../../src/api/problem.js';
import { exitOf } from '../../src/cli/exit-codes.js';
import { type ErrorCode, errorCodes } from '../../src/core/errors.js';
import { problemCodes } from '../../src/contract/config/problems.js';
import { markdownTable, page } from './markdown.js';

/** Every code by which Parley can refuse or fail, from the tables that the program itself uses. */
export function errorPage(): string {
  const codes = Object.keys(errorCodes) as ErrorCode[];
  return page([
    '# Codes of errors',
    'Codes are stable, texts are not. ' +
      '*Again*: trying the same thing later may succeed by itself. The exit code is that of the command line, the status that of the API.',
    markdownTable(
      ['code', 'again', 'exit', 'status'],
      codes.map((code) => [
        `\`${code}\``,
        errorCodes[code].retryable ? 'yes' : '',
        String(exitOf[code]),
        String(statusOf[code]),
      ]),
    ),
    '## Problems of configuration',
    'What `parley check` says of a file, always with file, line and column. The exit code is 3 when one of them is an error.',
    markdownTable(
      ['code'],
      Object.keys(problemCodes).map((code) => [`\`${code}\``]),
    ),
  ]);
}
