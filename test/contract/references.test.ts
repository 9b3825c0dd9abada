import { expect, test } from 'vitest';
import { compileConfig } from '../../src/contract/config/load.js';
import { pairId } from '../../src/core/ids.js';
import { placesOf } from './broken-file.js';

const connections = `crm: { connector: postgres, url: env:CRM }\nerp: { connector: postgres, url: env:ERP }\n`;

/** A pair over two tables; `unit` is one more line under `either`. */
const pairOf = (name: string, unit = '', key = 'id', sides: readonly [string, string] = ['crm', 'erp']): string =>
  `pair: ${name}
owner: test
systems:
  ${sides[0]}: { object: crm/${name}, key: ${key} }
  ${sides[1]}: { object: erp/${name}, key: ${key} }
match: [ ${sides[0]}.id = ${sides[1]}.id ]
masters:
  either:
    name: { ${sides[0]}: name, ${sides[1]}: name }
${unit === '' ? '' : `    ${unit}\n`}`;

const compiled = (pairs: { readonly [name: string]: string }): ReturnType<typeof compileConfig> =>
  compileConfig('/', [
    { file: 'connections.yaml', text: connections },
    ...Object.entries(pairs).map(([name, text]) => ({ file: `pairs/${name}.yaml`, text })),
  ]);

const toAccounts = 'account: { crm: account_id, erp: account, as: reference, to: accounts }';

test('a reference names a pair, and its record is required unless the file says otherwise', () => {
  const { pairs, problems } = compiled({ accounts: pairOf('accounts'), contacts: pairOf('contacts', toAccounts) });
  expect(problems).toEqual([]);
  const [, contacts] = pairs;
  expect(contacts?.rules.units[1]).toMatchObject({
    as: 'reference',
    same: 'exact',
    reference: { pair: pairId('accounts'), isRequired: true },
  });
  const optional = compiled({
    accounts: pairOf('accounts'),
    contacts: pairOf('contacts', toAccounts.replace(' }', ', required: false }')),
  });
  expect(optional.pairs[1]?.rules.units[1]?.reference?.isRequired).toBe(false);
});

test('a reference to records with a key of several fields has as many on that side, and may have fewer on another', () => {
  const accounts = pairOf('accounts').replace('erp/accounts, key: id', 'erp/accounts, key: [number, branch]');
  const contacts = pairOf('contacts', toAccounts.replace('erp: account', 'erp: [account, branch]'));
  const { pairs, problems } = compiled({ accounts, contacts });
  expect(problems).toEqual([]);
  expect(pairs[1]?.rules.units[1]?.paths).toEqual({ crm: ['account_id'], erp: ['account', 'branch'] });
});

const needs = (name: string, to: string): string =>
  pairOf(name, `parent: { crm: parent, erp: parent, as: reference, to: ${to} }`);

test.for([
  ['a pair that is not there', { contacts: pairOf('contacts', toAccounts) }, ['config.unknown_pair'], [10]],
  [
    'a pair with other sides',
    { accounts: pairOf('accounts', '', 'id', ['shop', 'erp']), contacts: pairOf('contacts', toAccounts) },
    ['config.side_not_mapped'],
    [10],
  ],
  [
    'a pair with a key of two fields',
    { accounts: pairOf('accounts', '', '[id, branch]'), contacts: pairOf('contacts', toAccounts) },
    ['config.group_mismatch'],
    [10],
  ],
  ['a record that needs itself', { a: needs('a', 'a') }, ['config.required_circle'], [10]],
  [
    'two that need each other',
    { a: needs('a', 'b'), b: needs('b', 'a') },
    ['config.required_circle', 'config.required_circle'],
    [10, 10],
  ],
  [
    'three in a circle',
    { a: needs('a', 'b'), b: needs('b', 'c'), c: needs('c', 'a') },
    ['config.required_circle', 'config.required_circle', 'config.required_circle'],
    [10, 10, 10],
  ],
  [
    'a circle with one that may be blank',
    { a: needs('a', 'b'), b: needs('b', 'a').replace(' as: reference,', ' as: reference, required: false,') },
    [],
    [],
  ],
  [
    'one that leads into a circle is not in it',
    { a: needs('a', 'b'), b: needs('b', 'b') },
    ['config.required_circle'],
    [10],
  ],
  ['no pair', { a: pairOf('a', 'parent: { crm: p, erp: p, as: reference }') }, ['config.missing_key'], [10]],
  [
    'more fields than the key has',
    { a: pairOf('a', 'parent: { crm: [p, q], erp: [p, q], as: reference, to: a, required: false }') },
    ['config.group_mismatch'],
    [10],
  ],
  [
    'a word of references elsewhere',
    { a: pairOf('a', 'parent: { crm: p, erp: p, to: a }') },
    ['config.rule_not_here'],
    [10],
  ],
  [
    'an expression for a reference',
    {
      a: pairOf(
        'a',
        'parent: { crm: p, erp: p, as: reference, to: a, required: false, conflict: { expression: max(values) } }',
      ),
    },
    ['config.rule_not_here'],
    [10],
  ],
  [
    'a match by a reference',
    {
      a: pairOf('a', 'parent: { crm: p, erp: p, as: reference, to: a, required: false }').replace(
        'match: [',
        'match: [ parent + name,',
      ),
    },
    ['config.bad_match'],
    [6],
  ],
  [
    'a match by likeness of a reference',
    {
      a: pairOf('a', 'parent: { crm: p, erp: p, as: reference, to: a, required: false }').replace(
        'match: [',
        'match: [ parent ~ 0.9,',
      ),
    },
    ['config.bad_match'],
    [6],
  ],
] as const)('%s is refused at its place', ([, pairs, codes, lines]) => {
  const places = placesOf(compiled(pairs).problems);
  expect(places.map(({ code }) => code)).toEqual(codes);
  expect(places.map(({ line }) => line)).toEqual(lines);
});

test('a pair knows what other pairs do when one of its records is deleted, and is another revision with it', () => {
  const words = (settings: string) =>
    compiled({ accounts: pairOf('accounts'), contacts: pairOf('contacts', toAccounts.replace(' }', `${settings} }`)) });
  const [plain, cascading] = [words(''), words(', parent_deleted: cascade')];
  const children = ({ pairs }: typeof plain) => pairs.map(({ rules }) => rules.children);
  const child = { pair: pairId('contacts'), unit: 'account' };
  expect(children(plain)).toEqual([[{ ...child, parentDeleted: 'restrict' }], undefined]);
  expect(children(cascading)).toEqual([[{ ...child, parentDeleted: 'cascade' }], undefined]);
  expect(plain.pairs[0]?.rules.revision).not.toBe(cascading.pairs[0]?.rules.revision);
});

test.for([
  ['nullify of a reference that a record needs', 'either', ', parent_deleted: nullify', 'config.rule_not_here'],
  ['nullify where a blank is no opinion', 'crm', ', required: false, parent_deleted: nullify', 'config.rule_not_here'],
  ['another word', 'either', ', parent_deleted: set_null', 'config.unknown_word'],
] as const)('parent_deleted: %s is refused where it stands', ([, heading, settings, code]) => {
  const text = pairOf('contacts', toAccounts.replace(' }', `${settings} }`)).replace('  either:', `  ${heading}:`);
  const { problems } = compiled({ accounts: pairOf('accounts'), contacts: text });
  const line = (text.split('\n').findIndex((one) => one.includes('parent_deleted')) ?? 0) + 1;
  expect(problems.map((problem) => [problem.code, problem.line])).toEqual([[code, line]]);
  const found = text.split('\n')[line - 1]?.slice((problems[0]?.column ?? 1) - 1, (problems[0]?.endColumn ?? 1) - 1);
  expect(found).toBe(code === 'config.unknown_word' ? 'set_null' : 'nullify');
});

test('a reference that may be blank is nullified also under a side that decides, when its blanks clear', () => {
  const text = pairOf(
    'contacts',
    toAccounts.replace(' }', ', required: false, blank: clears, parent_deleted: nullify }'),
  );
  const { problems } = compiled({ accounts: pairOf('accounts'), contacts: text.replace('  either:', '  crm:') });
  expect(problems).toEqual([]);
});
