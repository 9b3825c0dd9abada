/**
 * What can be wrong with a folder of configuration, by stable code, with its usual severity. These are findings in
 * files that people edit, each with a place; a `ParleyError` is the world refusing, without one.
 * `config.not_available` is an error where ignoring the word would change a decision, else a warning.
 */
export const problemCodes = {
  'config.syntax': 'error',
  'config.tab': 'error',
  'config.duplicate_key': 'error',
  'config.yaml_feature': 'error',
  'config.many_documents': 'error',
  'config.empty_file': 'error',
  'config.not_text': 'error',
  'config.too_large': 'error',
  'config.unreadable': 'error',
  'config.missing_file': 'error',
  'config.file_ignored': 'warning',
  'config.no_pairs': 'warning',
  'config.unknown_key': 'error',
  'config.missing_key': 'error',
  'config.wrong_type': 'error',
  'config.unknown_word': 'error',
  'config.bad_name': 'error',
  'config.name_differs': 'error',
  'config.unknown_side': 'error',
  'config.unknown_unit': 'error',
  'config.unknown_pair': 'error',
  'config.required_circle': 'error',
  'config.unknown_connection': 'error',
  'config.unknown_connector': 'error',
  'config.bad_object': 'error',
  'config.same_object': 'error',
  'config.bad_match': 'error',
  'config.bad_scope': 'error',
  'config.side_not_matched': 'warning',
  'config.bad_duration': 'error',
  'config.bad_limit': 'error',
  'config.rule_not_here': 'error',
  'config.bad_expression': 'error',
  'config.two_writers': 'error',
  'config.two_masters': 'error',
  'config.key_mapped': 'error',
  'config.group_mismatch': 'error',
  'config.too_few_sides': 'error',
  'config.side_not_mapped': 'error',
  'config.changes_with_every_write': 'warning',
  'config.not_available': 'error',
  'config.secret_in_file': 'error',
  'config.bad_secret_reference': 'error',
  'config.bad_url': 'error',
  'config.unknown_field': 'error',
  'config.unknown_object': 'error',
  'config.field_not_writable': 'error',
  'config.field_type': 'error',
  'config.schema_unreadable': 'warning',
} as const satisfies Record<string, Severity>;

export type ProblemCode = keyof typeof problemCodes;
export type Severity = 'error' | 'warning';

/** A stretch of one line. Lines and columns count from 1, columns in UTF-16 units; `endColumn` is the first one after. */
export type Range = { readonly line: number; readonly column: number; readonly endColumn: number };

export type Problem = Range & {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** Relative to the configuration's folder, with forward slashes: `pairs/suppliers.yaml`. */
  readonly file: string;
  /** What is wrong, without secrets. */
  readonly message: string;
  /** The next step. */
  readonly hint?: string;
};

/** Where a file as a whole is meant. */
export const fileStart: Range = { line: 1, column: 1, endColumn: 2 };

/** Collects the problems of one file. */
export type Report = (
  code: ProblemCode,
  range: Range,
  message: string,
  details?: { readonly hint?: string | undefined; readonly severity?: Severity },
) => void;

/** A list of problems and the function that adds to it. */
export function problemList(file: string): { readonly problems: Problem[]; readonly report: Report } {
  const problems: Problem[] = [];
  const report: Report = (code, range, message, { hint, severity = problemCodes[code] } = {}) => {
    const { line, column, endColumn } = range;
    problems.push({ code, severity, file, line, column, endColumn, message, ...(hint === undefined ? {} : { hint }) });
  };
  return { problems, report };
}

export const isError = (problem: Problem): boolean => problem.severity === 'error';

/** In reading order: connections.yaml, then pairs by name; within a file from top to bottom. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) =>
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      a.line - b.line ||
      a.column - b.column ||
      a.endColumn - b.endColumn ||
      (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
  );
}

/** One finding for each code and place: a default that does not fit is found again by every unit that inherits it. */
export function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, file, line, column, endColumn }) => {
    const place = JSON.stringify([code, file, line, column, endColumn]);
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}
