import { describe, expect, test } from 'vitest';
import type { ObjectDescription } from '../../src/engine/connector.js';
import { type Discovered, type DiscoveredObject, parseDiscovered } from '../../src/contract/config/discovered.js';
import { checkFields } from '../../src/contract/config/field-check.js';
import { compileConfig } from '../../src/contract/config/load.js';
import { type BrokenFile, placesOf, soundConnections, soundPair, unmarked } from './broken-file.js';

const readAt = '2026-05-01T10:00:00Z';
const dayMs = 86_400_000;

function discovered(connection: string, object: string, fields: { readonly [name: string]: string }): Discovered {
  const described: DiscoveredObject = {
    object,
    fields: Object.entries(fields).map(([name, type]) => ({
      name,
      type: type.replace(' read-only', ''),
      writable: !type.endsWith('read-only'),
      nullable: true,
    })),
    key: ['id'],
    writeClass: 'W2',
    createClass: 'C2',
    reads: 'feed',
    deletes: 'listing',
    fingerprint: 'one',
  };
  return { connection, readAt, objects: { [object]: described } };
}

const crm = discovered('crm', 'public.accounts', {
  id: 'integer',
  name: 'text',
  phone: 'text',
  amount: 'numeric(12,2)',
  active: 'boolean',
  since: 'date',
  total: 'numeric(12,2) read-only',
  extra: 'jsonb',
});
const erp = discovered('erp', 'suppliers.csv', { id: 'text', title: 'text', tel: 'text', sum: 'text' });

function check(text: string, schemas: readonly Discovered[] = [crm, erp], nowMs = Date.parse(readAt) + 2 * dayMs) {
  const config = compileConfig('/configuration', [
    { file: 'connections.yaml', text: soundConnections },
    { file: 'pairs/suppliers.yaml', text },
  ]);
  expect(config.problems).toEqual([]);
  const file = 'pairs/suppliers.yaml';
  const byConnection = new Map(schemas.map((schema) => [schema.connection, schema]));
  return checkFields({ file, uses: config.uses.get(file) ?? [], discovered: byConnection, nowMs });
}

const name = 'name: { crm: name, erp: title }';
const broken: readonly BrokenFile[] = [
  {
    name: 'a mistyped field',
    line: name,
    by: 'name: { crm: «nmae», erp: title }',
    problems: ['config.unknown_field'],
    hint: 'did you mean name (text)? fields were read 2 days ago; refresh: parley discover crm',
  },
  {
    name: 'a mistyped field in a group',
    line: name,
    by: 'name: { crm: [name, «fone»], erp: [title, sum] }',
    problems: ['config.unknown_field'],
  },
  {
    name: 'a mistyped key',
    line: 'suppliers.csv, key: id',
    by: 'suppliers.csv, key: «idd»',
    problems: ['config.unknown_field'],
    hint: 'id',
  },
  { name: 'a mistyped field of a match rule', line: 'erp.id ]', by: '«erp.idd» ]', problems: ['config.unknown_field'] },
  {
    name: 'an object that was not found',
    line: 'crm/public.accounts',
    by: '«crm/public.acounts»',
    problems: ['config.unknown_object'],
    hint: 'public.accounts',
  },
  {
    name: 'a field that is only read',
    line: name,
    by: 'name: { crm: «total», erp: title, as: decimal }',
    problems: ['config.field_not_writable'],
    hint: '"crm:"',
  },
  {
    name: 'a date as a number',
    line: name,
    by: 'name: { crm: «since», erp: title, as: decimal }',
    problems: ['config.field_type'],
  },
  {
    name: 'a number as true or false',
    line: name,
    by: 'name: { crm: «amount», erp: title, as: boolean }',
    problems: ['config.field_type'],
  },
  {
    name: 'a number and a text compared as text',
    line: name,
    by: 'name: { crm: «amount», erp: sum }',
    problems: ['config.field_type'],
    hint: 'as: decimal',
  },
];

test('fields that were discovered as they are named give no problem', () => {
  expect(check(soundPair)).toEqual([]);
});

describe('a native field that does not fit is reported at the exact place', () => {
  test.for(broken.map((entry) => [entry.name, entry] as const))('%s', ([, entry]) => {
    const { text, expected } = unmarked(entry, soundPair);
    const problems = check(text);
    expect(placesOf(problems)).toEqual(expected);
    if (entry.hint !== undefined) expect(problems[0]?.hint).toContain(entry.hint);
  });
});

test('a field that is only read may belong to the side that decides', () => {
  expect(check(soundPair.replace('crm: phone', 'crm: total').replace('erp: tel', 'erp: tel, as: decimal'))).toEqual([]);
});

test('a nested field is accepted below a JSON field only', () => {
  expect(check(soundPair.replace('crm: phone', 'crm: extra.phone'))).toEqual([]);
  expect(check(soundPair.replace('crm: phone', 'crm: name.phone'))).toHaveLength(1);
});

test('a connection that was never discovered is not judged', () => {
  expect(check(soundPair.replace('crm: phone', 'crm: whatever').replace('erp: tel', 'erp: wrong'), [])).toEqual([]);
});

test.for([
  [0, 'today'],
  [1, 'yesterday'],
  [9, '9 days ago'],
] as const)('fields that were read %i days before are said to be from %s', ([days, said]) => {
  const [problem] = check(soundPair.replace('crm: phone', 'crm: fax'), [crm], Date.parse(readAt) + days * dayMs);
  expect(problem?.hint).toContain(said);
});

test('the file that discover writes has exactly the shape of an object description', () => {
  const described = crm.objects['public.accounts'] as DiscoveredObject;
  const forth: ObjectDescription = described;
  const back: { readonly [key in keyof ObjectDescription]: DiscoveredObject[key] } = described;
  const same: keyof DiscoveredObject extends keyof ObjectDescription ? true : never = true;
  expect([forth, back, same]).toEqual([described, described, true]);
  expect(parseDiscovered(JSON.stringify(crm))).toEqual(crm);
});

test.for(['', 'null', '[]', '{"connection":"crm"}', '{"connection":"crm","readAt":"then","objects":{}}'])(
  'what discover does not write is not taken for it: %s',
  (text) => {
    expect(parseDiscovered(text)).toBeUndefined();
  },
);
