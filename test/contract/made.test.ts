import { expect, test } from 'vitest';
import { checkFields } from '../../src/contract/config/field-check.js';
import type { DiscoveredObject } from '../../src/contract/config/discovered.js';
import { readPairFile } from '../../src/contract/config/pair-file.js';

/** `crm` stands behind the system, `masters` on its own line. */
const file = (crm: string, masters = 'either'): string => `
pair: p
owner: o
systems:
  crm: { object: crm/public.people, key: id${crm} }
  erp: { object: erp/people.csv, key: id }
match: [ crm.id = erp.id ]
masters:
  ${masters}:
    name:  { crm: name, erp: title }
    since: { crm: created_at, erp: since }
    place: { crm: [a.street, city], erp: [street, town] }
`;
const read = (crm: string, masters?: string) => readPairFile('pairs/p.yaml', file(crm, masters), null);
const said = (crm: string, masters?: string) =>
  read(crm, masters).problems.map(({ code, line, column, endColumn }) => [
    code,
    (file(crm, masters).split('\n')[line - 1] ?? '').slice(column - 1, endColumn - 1),
  ]);

test('a side names the field in which its system marks that a record was made', () => {
  const { rules, problems } = read(', made: serial');
  expect([problems, rules?.sides.map(({ made }) => made)]).toEqual([[], ['serial', undefined]]);
});

test.each([
  ['the key', ', made: id', 'either', 'config.key_mapped', 'id'],
  ['a unit that is written there', ', made: created_at', 'either', 'config.two_writers', 'created_at'],
  ['one that another side decides', ', made: created_at', 'erp', 'config.two_writers', 'created_at'],
  ['a part of a group', ', made: city', 'either', 'config.two_writers', 'city'],
  ['what a written field is a part of', ', made: a', 'either', 'config.two_writers', 'a'],
  ['a field that archiving writes', ', made: x, archive: { set: { x: now } }', 'either', 'config.two_writers', 'x'],
])('%s is no mark', (_, crm, masters, code, word) => {
  expect(said(crm, masters)).toEqual([[code, word]]);
});

test('a field that its own side decides is only read there, and may be one', () => {
  expect(said(', made: created_at', 'crm')).toEqual([]);
});

test.each([', made: [a, b]', ', made: ""', ', made: { field: x }'])('%s has another form', (crm) => {
  expect(said(crm).map(([code]) => code)).toHaveLength(1);
});

test('a field that the table does not have is told with its place', () => {
  const field = (name: string) => ({ name, type: 'text', writable: false, nullable: true });
  const described: DiscoveredObject = {
    object: 'public.people',
    fields: ['id', 'name', 'created_at', 'a.street', 'city', 'serial'].map(field),
    key: ['id'],
    writeClass: 'W4',
    createClass: 'C2',
    reads: 'feed',
    deletes: 'listing',
    fingerprint: 'x',
  };
  const discovered = new Map([
    ['crm', { connection: 'crm', readAt: '2026-05-01T10:00:00Z', objects: { 'public.people': described } }],
  ]);
  const check = (crm: string) =>
    checkFields({ file: 'pairs/p.yaml', uses: read(crm, 'crm').uses, discovered, nowMs: 0 }).map(
      ({ message }) => message,
    );
  // It is never written, so that it cannot be is no problem.
  expect(check(', made: serial')).toEqual([]);
  expect(check(', made: cereal')).toEqual(['crm/public.people has no field "cereal"']);
});
