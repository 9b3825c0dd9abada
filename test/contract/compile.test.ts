import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { limitDefaults, limitsOf, type PairRules } from '../../src/core/rules.js';
import { compileConfig } from '../../src/contract/config/load.js';
import { soundConnections, soundPair } from './broken-file.js';

function compile(text: string, file = 'pairs/suppliers.yaml'): PairRules {
  const { pairs, problems } = compileConfig('/configuration', [
    { file: 'connections.yaml', text: soundConnections },
    { file, text },
  ]);
  expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  return pairs[0]?.rules as PairRules;
}

const withUnit = (unit: string, more = ''): PairRules =>
  compile(soundPair.replace('name: { crm: name, erp: title }', unit) + more);

const authority = (unit: string, more = ''): unknown => withUnit(unit, more).units.at(-1)?.authority;
const ask = { kind: 'ask' };

test('what is not written has the documented defaults', () => {
  const rules = compile(soundPair);
  expect(rules.sides.map(({ creates, deletes }) => [creates, deletes])).toEqual([
    ['ask', 'ask'],
    ['ask', 'ask'],
  ]);
  expect(rules.run).toEqual({ everyMs: 300_000, verifyEveryMs: 86_400_000, deleteLimit: null });
  expect(rules.units.map((unit) => [unit.authority, unit.as, unit.same, unit.place])).toEqual([
    [{ kind: 'master', side: 'crm', stray: 'restore', blank: 'keeps' }, 'text', 'exact', 'pairs/suppliers.yaml:9'],
    [{ kind: 'either', policy: ask, blank: 'value' }, 'text', 'exact', 'pairs/suppliers.yaml:11'],
  ]);
  expect(rules).toMatchObject({ pair: 'suppliers', about: '', owner: 'data' });
});

test.for([
  ['ask', ask],
  ['newest', { kind: 'newest', otherwise: ask, widthMaxMs: 86_400_000 }],
  ['{ newest: { within: 2h } }', { kind: 'newest', otherwise: ask, widthMaxMs: 7_200_000 }],
  ['{ prefer: erp }', { kind: 'prefer', side: 'erp', otherwise: ask }],
  [
    '{ prefer: erp, otherwise: { newest: { within: 1m }, otherwise: { prefer: crm } } }',
    {
      kind: 'prefer',
      side: 'erp',
      otherwise: { kind: 'newest', widthMaxMs: 60_000, otherwise: { kind: 'prefer', side: 'crm', otherwise: ask } },
    },
  ],
] as const)('conflict: %s', ([written, policy]) => {
  const either = { kind: 'either', policy, blank: 'value' };
  expect(authority(`name: { crm: name, erp: title, conflict: ${written} }`)).toEqual(either);
  expect(authority('name: { crm: name, erp: title }', `conflicts: { default: ${written} }\n`)).toEqual(either);
});

test.for([
  ['highest', { kind: 'highest', monotone: false, otherwise: ask }],
  ['{ lowest: {} }', { kind: 'lowest', monotone: false, otherwise: ask }],
  [
    '{ highest: { monotone: true }, otherwise: { prefer: crm } }',
    {
      kind: 'highest',
      monotone: true,
      otherwise: { kind: 'prefer', side: 'crm', otherwise: ask },
    },
  ],
] as const)('conflict: %s, of numbers', ([written, policy]) => {
  const either = { kind: 'either', policy, blank: 'value' };
  expect(authority(`name: { crm: name, erp: title, as: decimal, conflict: ${written} }`)).toEqual(either);
});

test.for([
  ['set', { kind: 'set', removes: 'add_wins', otherwise: ask }],
  ['{ set: remove-wins }', { kind: 'set', removes: 'remove_wins', otherwise: ask }],
] as const)('conflict: %s, of lists', ([written, policy]) => {
  const unit = withUnit(
    `name: { crm: name, erp: title, as: list, same: letters, form: { crm: array, erp: "; " }, conflict: ${written} }`,
  );
  expect(unit.units[1]).toMatchObject({
    authority: { kind: 'either', policy },
    same: 'list_letters',
    forms: { crm: { kind: 'array' }, erp: { kind: 'separated', separator: '; ' } },
  });
});

test.for([
  ['stores: { erp: { length: 40, case: upper } }', { erp: [{ length: 40, case: 'upper' }] }],
  [
    'as: decimal, stores: { erp: { scale: 2 }, crm: { scale: 4, round: down } }',
    { erp: [{ scale: 2 }], crm: [{ scale: 4, round: 'down' }] },
  ],
] as const)('%s', ([written, stores]) => {
  expect(withUnit(`name: { crm: name, erp: title, ${written} }`).units[1]).toMatchObject({ stores });
});

test('what a side stores of a group is said for each field or for all', () => {
  const group = (written: string) =>
    withUnit(`name: { crm: [n, a], erp: [t, b], stores: { erp: ${written} } }`).units[1]?.stores;
  expect(group('{ length: 9 }')).toEqual({ erp: [{ length: 9 }, { length: 9 }] });
  expect(group('[{ length: 9 }, {}]')).toEqual({ erp: [{ length: 9 }, {}] });
});

test.for([
  ['text', { kind: 'text', by: 'lines', otherwise: ask }],
  ['{ text: words, otherwise: newest }', { kind: 'text', by: 'words', otherwise: { kind: 'newest' } }],
] as const)('conflict: %s, of texts', ([written, policy]) => {
  expect(authority(`name: { crm: name, erp: title, conflict: ${written} }`)).toMatchObject({ policy });
});

test('a condition compiles to who decides in each case, and reads only what it names', () => {
  const written = `{ when: 'phone == "1"', use: { master: erp, stray: leave }, else: { prefer: crm }, on_flip: realign }`;
  expect(authority(`name: { crm: name, erp: title, blank: fill, conflict: ${written} }`)).toEqual({
    kind: 'when',
    condition: {
      text: 'phone == "1"',
      variables: { phone: { as: 'text', isList: false } },
      result: { as: 'boolean', isList: false },
    },
    use: { kind: 'master', side: 'erp', stray: 'leave', blank: 'keeps' },
    else: { kind: 'either', policy: { kind: 'prefer', side: 'crm', otherwise: ask }, blank: 'fill' },
    onFlip: 'realign',
  });
});

test('an expression compiles with the types of what it reads', () => {
  const written = `{ expression: 'values[0] < base ? max(values) : max(values)', otherwise: { prefer: crm } }`;
  expect(authority(`name: { crm: name, erp: title, as: decimal, conflict: ${written} }`)).toMatchObject({
    policy: {
      kind: 'expression',
      expression: {
        variables: { base: { as: 'decimal', isList: false }, values: { as: 'decimal', isList: true } },
        result: { as: 'decimal', isList: false },
      },
      otherwise: { kind: 'prefer', side: 'crm' },
    },
  });
});

test('a policy of the unit goes before the default', () => {
  const more = 'conflicts: { default: newest }\n';
  expect(authority('name: { crm: name, erp: title, conflict: ask }', more)).toMatchObject({ policy: ask });
});

test('stray edits follow the pair unless the unit says otherwise', () => {
  const units = 'erp: tel }\n    fax: { crm: fax, erp: fax, stray: restore }';
  const rules = compile(`${soundPair.replace('erp: tel }', units)}stray_edits: leave\n`);
  expect(rules.units.map((unit) => unit.authority)).toMatchObject([{ stray: 'leave' }, { stray: 'restore' }, {}]);
});

test.for([
  ['text', 'exact'],
  ['integer', 'decimal'],
  ['decimal', 'decimal'],
  ['boolean', 'boolean'],
  ['date', 'exact'],
  ['timestamp', 'timestamp'],
] as const)('values of type %s compare as %s by default', ([as, same]) => {
  expect(withUnit(`name: { crm: name, erp: title, as: ${as} }`).units[1]).toMatchObject({ as, same });
});

test('groups, joined text and composite keys keep the order of the file', () => {
  const rules = compile(`pair: suppliers
owner: data
systems:
  erp: { object: erp/a.csv, key: [country, no] }
  crm: { object: crm/public.accounts, key: [land, nr] }
match: [ name + place, crm.nr = erp.no ]
masters:
  crm: { address: { crm: [street, city], erp: address, as: join } }
  either:
    name: { crm: name, erp: title }
    place: { erp: [b, a], crm: [x, y], blank: fill }
creates: { crm: copy, erp: ignore }
deletes: { crm: delete, erp: restore, edited: restore, limit: 10 per run }
run: { every: 90s, verify: never }
`);
  expect(rules.sides).toMatchObject([
    {
      name: 'erp',
      connection: 'erp',
      object: 'a.csv',
      key: ['country', 'no'],
      creates: 'ignore',
      deletes: 'restore',
      edited: 'restore',
    },
    {
      name: 'crm',
      connection: 'crm',
      object: 'public.accounts',
      key: ['land', 'nr'],
      creates: 'copy',
      deletes: 'delete',
      edited: 'restore',
    },
  ]);
  expect(rules.units.map((unit) => unit.paths)).toEqual([
    { crm: ['street', 'city'], erp: ['address'] },
    { crm: ['name'], erp: ['title'] },
    { crm: ['x', 'y'], erp: ['b', 'a'] },
  ]);
  expect(rules.units[0]).toMatchObject({ as: 'join', same: 'words' });
  expect(rules.match).toEqual([
    { kind: 'likely', units: ['name', 'place'], text: 'name + place' },
    { kind: 'certain', fields: { crm: ['nr'], erp: ['no'] }, text: 'crm.nr = erp.no' },
  ]);
  expect(rules.run).toEqual({ everyMs: 90_000, verifyEveryMs: null, deleteLimit: 10 });
});

test('limits are read each in its unit, and what is not written keeps its default', () => {
  const written = 'hops: 8, stale_form: 1h, replica: 5s, changes: 50 %, deletes: 0.5 %, few: 3, writes: 600 per minute';
  const rules = compile(`${soundPair}\nlimits: { ${written} }\n`);
  expect(rules.limits).toEqual({
    hops: 8,
    staleFormMs: 3_600_000,
    replicaMs: 5_000,
    changeShare: 0.5,
    deleteShare: 0.005,
    few: 3,
    writesPerMinute: 600,
  });
  expect(limitsOf(rules)).toEqual({ ...limitDefaults, ...rules.limits });
  expect(compile(soundPair).limits).toBeUndefined();
});

test('words that older YAML turns into other values stay text', () => {
  const text = soundPair
    .replace('owner: data', 'about: NO\nowner: on')
    .replace('name: { crm: name, erp: title }', 'no: { crm: 12:30, erp: 2022-01-01 }\n    y: { crm: off, erp: 1_000 }');
  const rules = compile(text);
  expect([rules.about, rules.owner]).toEqual(['NO', 'on']);
  expect(rules.units.slice(1).map(({ name, paths }) => [name, paths])).toEqual([
    ['no', { crm: ['12:30'], erp: ['2022-01-01'] }],
    ['y', { crm: ['off'], erp: ['1_000'] }],
  ]);
});

test('a time of day is kept as once a day, with a warning', () => {
  expect(
    withUnit('name: { crm: name, erp: title }', 'run: { verify: daily 02:00 Europe/Berlin }\n').run.verifyEveryMs,
  ).toBe(86_400_000);
});

test('an invariant knows what it reads and where it stands, and a file without one has none', () => {
  const { invariants } = compile(`${soundPair}invariants:\n  - name != phone\n`);
  expect(
    invariants?.map(({ expression, place }) => [expression.text, Object.keys(expression.variables), place]),
  ).toEqual([['name != phone', ['phone', 'name'], 'pairs/suppliers.yaml:13']]);
  expect(compile(soundPair).invariants).toBeUndefined();
});

test('the same text gives the same rules, and line endings and a byte order mark change nothing', () => {
  expect(compile(soundPair)).toEqual(compile(soundPair));
  expect(compile(`\uFEFF${soundPair.replaceAll('\n', '\r\n')}`)).toEqual(compile(soundPair));
});

test('the revision follows the text and the meaning', () => {
  const revisions = [
    compile(soundPair),
    compile(`${soundPair}# a word to the reader\n`),
    compile(soundPair.replace('tel', 'fax')),
    compile(soundPair.replace('pair: suppliers', 'pair: others'), 'pairs/others.yaml'),
  ].map((rules) => rules.revision);
  expect(new Set(revisions).size).toBe(4);
  expect(revisions.every((revision) => /^[0-9a-f]{64}$/.test(revision))).toBe(true);
});

test('the order of keys within a mapping does not change what is compiled', () => {
  const settings = ['crm: name', 'erp: title', 'same: letters', 'conflict: newest', 'blank: ignore'];
  const order = fc.shuffledSubarray(settings, { minLength: settings.length });
  const usual = withUnit(`name: { ${settings.join(', ')} }`).units;
  fc.assert(
    fc.property(order, (shuffled) => {
      expect(withUnit(`name: { ${shuffled.join(', ')} }`).units).toEqual(usual);
    }),
    { numRuns: 50 },
  );
});

test('a segment counts as what it says, wherever it is named', () => {
  const segments = `segments: { in_eu: 'phone in ["1", "2"]', big_eu: in_eu && phone != "2" }\n`;
  const rules = withUnit(
    `name: { crm: name, erp: title, conflict: { when: '!big_eu', use: { master: erp, blank: clears }, else: ask } }`,
    `${segments}deletes: { crm: { when: in_eu, use: delete, else: ask } }\n`,
  );
  const variables = { phone: { as: 'text', isList: false } };
  const text = '!((phone in ["1", "2"]) && phone != "2")';
  expect(rules.units.at(-1)?.authority).toMatchObject({
    condition: { text, written: '!big_eu', variables },
    use: { kind: 'master', side: 'erp', blank: 'clears' },
  });
  expect(rules.sides[0]?.deletes).toMatchObject({
    when: { text: '(phone in ["1", "2"])', written: 'in_eu', variables },
    use: 'delete',
    else: 'ask',
  });
});

test('what stands under a segment is decided as the segment says', () => {
  const written = `{ when: phone == "1", use: { master: crm }, else: { master: erp, stray: leave }, on_flip: realign }`;
  const rules = withUnit(
    `name: { crm: name, erp: title }\n  in_eu:\n    land: { crm: l, erp: l, blank: fill }`,
    `segments:\n  in_eu: ${written}\n`,
  );
  const either = withUnit(
    `name: { crm: name, erp: title }\n    land: { crm: l, erp: l, blank: fill, conflict: ${written.replace('phone == "1"', 'in_eu')} }`,
    `segments: { in_eu: phone == "1" }\n`,
  );
  expect(rules.units[2]?.authority).toEqual(either.units[2]?.authority);
  expect(rules.units[2]?.authority).toMatchObject({ kind: 'when', onFlip: 'realign' });
});

test('rules by side, by kind of conflict and by record have one default each', () => {
  const rules = withUnit(
    'name: { crm: name, erp: title, blank: { erp: fill }, first: { prefer: erp } }',
    `conflicts: { default: newest, first: { prefer: crm } }\nrefused: { erp: leave }\n`,
  );
  expect(rules.units.at(-1)?.authority).toEqual({
    kind: 'either',
    policy: { kind: 'newest', otherwise: ask, widthMaxMs: 86_400_000 },
    first: { kind: 'prefer', side: 'erp', otherwise: ask },
    blank: 'value',
    blankOn: { erp: 'fill' },
  });
  expect(rules.sides.map(({ refused }) => refused)).toEqual([undefined, 'leave']);
  const stray = compile(soundPair.replace('erp: tel', 'erp: tel, stray: { erp: propose }'));
  expect(stray.units[0]?.authority).toMatchObject({ stray: 'restore', strayOn: { erp: 'propose' } });
});

test('a unit whose name is a word of expressions is no obstacle to them', () => {
  const rules = withUnit(
    `type: { crm: kind, erp: kind }\n    name: { crm: name, erp: title, conflict: { when: phone == "1", use: ask, else: newest } }`,
  );
  expect(rules.units.at(-1)?.authority.kind).toBe('when');
});
