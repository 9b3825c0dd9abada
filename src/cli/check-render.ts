import { shortRevision } from '../contract/config/revision.js';
import type { Problem } from '../contract/config/problems.js';
import type { CheckResult } from './check-folder.js';

export type RenderOptions = { readonly color: boolean };

type Paint = (style: 'bold' | 'red' | 'yellow' | 'dim', text: string) => string;

const styles = { bold: 1, red: 31, yellow: 33, dim: 2 } as const;

const painter =
  ({ color }: RenderOptions): Paint =>
  (style, text) =>
    color ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;

/**
 * The problems as people read them: place, word and code, the sentence, the line of the file with the place marked,
 * and the next step; then one line that counts. Colour only repeats what a word says. Secrets are never shown.
 */
export function renderProblems(
  problems: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  options: RenderOptions,
): string {
  const paint = painter(options);
  const blocks = problems.map((problem) => renderProblem(problem, problems, sources, paint));
  return [...blocks, renderSummary(problems, sources.size)].join('\n');
}

/** `3 errors, 0 warnings in 2 files. Nothing was contacted.` */
export function renderSummary(problems: readonly Problem[], fileCount: number): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const found = `${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`;
  return `${found} in ${count(fileCount, 'file')}. Nothing was contacted.`;
}

function renderProblem(
  problem: Problem,
  all: readonly Problem[],
  sources: ReadonlyMap<string, string>,
  paint: Paint,
): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const word = problem.severity === 'error' ? paint('red', 'error') : paint('yellow', 'warning');
  const lines = [`${paint('bold', place)}  ${word}  ${problem.code}  ${printable(problem.message)}`];
  const line = sources
    .get(problem.file)
    ?.replace(/^\uFEFF/, '')
    .split('\n')
    [problem.line - 1]?.replace(/\r$/, '');
  if (line !== undefined && line.trim() !== '') lines.push(...frame(problem, masked(line, problem, all), paint));
  if (problem.hint !== undefined) lines.push(paint('dim', `   hint: ${printable(problem.hint)}`));
  return lines.join('\n');
}

/** The line without any secret that was found on it. */
function masked(line: string, { file, line: number }: Problem, all: readonly Problem[]): string {
  let shown = line;
  for (const { code, file: where, line: at, column, endColumn } of all) {
    if (code !== 'config.secret_in_file' || where !== file || at !== number) continue;
    shown = shown.slice(0, column - 1) + '*'.repeat(endColumn - column) + shown.slice(endColumn - 1);
  }
  return shown;
}

const frameWidthMax = 110;

function frame({ line, column, endColumn }: Problem, text: string, paint: Paint): readonly string[] {
  const gutter = `${String(line).padStart(5)} | `;
  const blank = `${' '.repeat(5)} | `;
  // A long line is shown from a little before the place, so that the mark stays on the screen.
  const from = text.length > frameWidthMax && column > frameWidthMax - 20 ? column - 1 - 40 : 0;
  const cut = from > 0 ? '...' : '';
  const shown = printable(text.slice(from, from + frameWidthMax));
  const more = text.length > from + frameWidthMax ? '...' : '';
  const lead = `${cut}${printable(text.slice(from, column - 1))}`;
  const mark = printable(text.slice(column - 1, Math.min(endColumn - 1, from + frameWidthMax)));
  const marks = '^'.repeat(Math.max(1, widthOf(mark)));
  return [
    `${paint('dim', gutter)}${cut}${shown}${more}`,
    `${paint('dim', blank)}${' '.repeat(widthOf(lead))}${paint('red', marks)}`,
  ];
}

/** Text that a terminal shows as it stands: control characters, which it would obey, become spaces. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

const wideCharacter = new RegExp(
  '[\\u1100-\\u115f\\u2e80-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]' +
    '|\\p{Emoji_Presentation}',
  'u',
);

/** Columns that a text takes on a terminal: none for marks that combine, two for wide characters. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) if (!/\p{M}/u.test(character)) width += wideCharacter.test(character) ? 2 : 1;
  return width;
}

/** Workflow commands that show each problem in a pull request, at its line. */
export function renderGithub(problems: readonly Problem[], pathPrefix = ''): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return problems
    .map(({ severity, file, line, column, endColumn, code, message, hint }) => {
      const place = `file=${property(pathPrefix + file)},line=${line},col=${column},endColumn=${endColumn},title=${property(code)}`;
      return `::${severity} ${place}::${data(printable(hint === undefined ? message : `${message} (${hint})`))}`;
    })
    .join('\n');
}

/** The one object of `--json`, schema `parley.check/1`. */
export function checkJson({ ok, exit, config, problems, notes, sources }: CheckResult): {
  readonly schema: 'parley.check/1';
  readonly ok: boolean;
  readonly exit: number;
  readonly data: {
    readonly files: readonly string[];
    readonly pairs: readonly { readonly pair: string; readonly file: string; readonly revision: string }[];
    readonly notes: readonly string[];
  };
  readonly problems: readonly Problem[];
} {
  const pairs = config.pairs.map(({ rules, file }) => ({
    pair: rules.pair,
    file,
    revision: shortRevision(rules.revision),
  }));
  return { schema: 'parley.check/1', ok, exit, data: { files: [...sources.keys()], pairs, notes }, problems };
}
