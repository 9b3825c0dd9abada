import { expect, test } from 'vitest';
import { checkFields } from '../../src/contract/config/field-check.js';
import { readPairFile } from '../../src/contract/config/pair-file.js';

/** `erp` stands behind the system, `deletes` on its own line. */
const file = (erp: string, deletes = '{ crm: archive }'): string => `
pair: p
owner: o
systems:
  crm: { object: crm/accounts, key: id }
  erp: { object: erp/public.suppliers, key: id${erp} }
match: [ crm.id = erp.id ]
masters:
  either:
    name: { crm: name, erp: title }
    status: { crm: status, erp: status }
deletes: ${deletes}
`;
const read = (erp: string, deletes?: string) => readPairFile('pairs/p.yaml', file(erp, deletes), null);

/** What stands where a problem is reported. */
function wordAt(erp: string, { line, column, endColumn }: { line: number; column: number; endColumn: number }): string {
  return (file(erp).split('\n')[line - 1] ?? '').slice(column - 1, endColumn - 1);
}

test('a side says what an archived record holds, and what it holds when it is back', () => {
  const written =
    ', archive: { set: { status: archived, active: false, archived_at: now }, restore: { active: true } }';
  const { rules, problems } = read(written);
  expect(problems).toEqual([]);
  expect(rules?.sides[1]?.archive).toEqual({
    set: {
      status: { kind: 'value', value: 'archived' },
      active: { kind: 'value', value: false },
      archived_at: { kind: 'now' },
    },
    restore: { active: true },
  });
  expect(rules?.sides[0]?.deletes).toBe('archive');
});

test.each([
  ['a side that does not say how', '', 'config.missing_key', 'archive'],
  ['no field', ', archive: { set: {} }', 'config.missing_key', '{}'],
  ['nothing to hold again', ', archive: { set: { active: false } }', 'config.missing_key', 'active'],
  ['the key', ', archive: { set: { id: x } }', 'config.key_mapped', 'id'],
  [
    'a field that says which records are meant',
    ', only: "status = \'active\'", archive: { set: { status: archived } }',
    'config.rule_not_here',
    'status',
  ],
  [
    'to hold what a unit says',
    ', archive: { set: { status: archived }, restore: { status: x } }',
    'config.rule_not_here',
    'status',
  ],
  [
    'to hold what was not set',
    ', archive: { set: { status: archived }, restore: { other: x } }',
    'config.rule_not_here',
    'other',
  ],
  ['another word', ', archive: { sett: { status: archived } }', 'config.unknown_key', 'sett'],
])('archive with %s is refused where it stands', (_what, erp, code, word) => {
  const { problems, rules } = read(erp);
  expect(problems.map((problem) => [problem.code, wordAt(erp, problem)])).toContainEqual([code, word]);
  expect(rules).toBeUndefined();
});

test('a field that cannot be written, or is not there, is refused where it stands', () => {
  const field = (name: string, writable = true) => ({ name, type: 'text', writable, nullable: true });
  const fields = [field('id'), field('title'), field('status', false)];
  const discovered = new Map([
    [
      'erp',
      {
        connection: 'erp',
        readAt: '2026-01-01T00:00:00Z',
        objects: { 'public.suppliers': { fields, deletes: 'listing' } },
      },
    ],
  ]) as never;
  const erp = ', archive: { set: { status: archived, gone_at: now } }';
  const { uses } = read(erp);
  const problems = checkFields({ file: 'pairs/p.yaml', uses, discovered, nowMs: 0 });
  expect(problems.slice(0, 2).map((problem) => [problem.code, wordAt(erp, problem), problem.line])).toEqual([
    ['config.field_not_writable', 'status', 6],
    ['config.unknown_field', 'gone_at', 6],
  ]);
});
