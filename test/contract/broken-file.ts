import { type Problem, type ProblemCode, sortProblems } from '../../src/contract/config/problems.js';

/** A small pair in which every broken line below has its place. */
export const soundPair = `pair: suppliers
owner: data
systems:
  crm: { object: crm/public.accounts, key: id }
  erp: { object: erp/suppliers.csv, key: id }
match: [ crm.id = erp.id ]
masters:
  crm:
    phone: { crm: phone, erp: tel }
  either:
    name: { crm: name, erp: title }
`;

export const soundConnections = `crm: { connector: postgres, url: env:CRM_URL }
erp: { connector: csv, folder: ./data }
`;

/**
 * One way to break a file. `by` replaces the one place where `line` stands; with no `line` it is the whole file.
 * Guillemets mark the places of the expected problems, in order; a code that ends in @start is expected at 1:1.
 */
export type BrokenFile = {
  readonly name: string;
  readonly line?: string;
  readonly by: string;
  readonly problems: readonly (ProblemCode | `${ProblemCode}@start`)[];
  /** Part of the first problem's hint. */
  readonly hint?: string;
};

export type Expected = {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
};

const openMark = '«';
const closeMark = '»';

/** The text that a case stands for, without marks, and the problems that it must give, in reading order. */
export function unmarked(
  { line, by, problems }: BrokenFile,
  sound: string,
): { readonly text: string; readonly expected: readonly Expected[] } {
  if (line !== undefined && sound.split(line).length !== 2)
    throw new Error(`"${line}" does not stand once in the sound file`);
  const marked = line === undefined ? by : sound.replace(line, () => by);
  const marks: Omit<Expected, 'code'>[] = [];
  const lines = marked.split('\n').map((text, index) => {
    let rest = text;
    for (let open = rest.indexOf(openMark); open !== -1; open = rest.indexOf(openMark)) {
      const close = rest.indexOf(closeMark) - 1;
      rest = rest.replace(openMark, '').replace(closeMark, '');
      marks.push({ line: index + 1, column: open + 1, endColumn: close + 1 });
    }
    return rest;
  });
  const expected = problems.map((entry) => {
    const [code = '', at] = entry.split('@');
    const place = at === 'start' ? { line: 1, column: 1, endColumn: 2 } : marks.shift();
    if (place === undefined) throw new Error(`${code} has no mark`);
    return { code, ...place };
  });
  if (marks.length > 0) throw new Error('a mark has no code');
  return { text: lines.join('\n'), expected };
}

/** Problems reduced to what the table states, errors and warnings alike. */
export function placesOf(problems: readonly Problem[]): readonly Expected[] {
  return sortProblems(problems).map(({ code, line, column, endColumn }) => ({ code, line, column, endColumn }));
}
