import { expect, test } from 'vitest';
import { readPairFile } from '../../src/contract/config/pair-file.js';
import type { SideRules } from '../../src/core/rules.js';

const file = (crm: string): string => `
pair: p
owner: o
systems:
  crm: { object: crm/accounts, key: id${crm} }
  erp: { object: erp/suppliers.csv, key: id }
match: [ crm.id = erp.id ]
masters:
  either:
    name: { crm: name, erp: title }
`;
const sideOf = (crm: string): SideRules | undefined =>
  readPairFile('pairs/p.yaml', file(crm), null).rules?.sides.find(({ connection }) => connection === 'crm');

test.each([
  [`status = 'active'`, [{ field: 'status', is: true, text: 'active' }]],
  [
    `kind != 'test' and a.b = ''`,
    [
      { field: 'kind', is: false, text: 'test' },
      { field: 'a.b', is: true, text: '' },
    ],
  ],
  [
    `name = 'rock and roll' AND "a field" = 'it''s'`,
    [
      { field: 'name', is: true, text: 'rock and roll' },
      { field: 'a field', is: true, text: "it's" },
    ],
  ],
])('only: %s', (text, only) => {
  expect(sideOf(`, only: ${JSON.stringify(text)}`)?.only).toEqual(only);
});

test.each(['status', "status > 'a'", "a = 'b' or c = 'd'", 'a = b', "a = 'b' and"])('only: %s is refused', (text) => {
  const { problems } = readPairFile('pairs/p.yaml', file(`, only: ${JSON.stringify(text)}`), null);
  expect(problems.map(({ code }) => code)).toContain('config.bad_scope');
});

test('a record out of scope rests unless the file says that it is deleted', () => {
  expect([sideOf('')?.outOfScope, sideOf(', out_of_scope: unlink')?.outOfScope]).toEqual([undefined, undefined]);
  expect(sideOf(', out_of_scope: delete')?.outOfScope).toBe('delete');
});
