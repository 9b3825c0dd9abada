import { expect, test } from 'vitest';
import type { Json } from '../../src/core/json.js';
import type { UnitRules } from '../../src/core/rules.js';
import { answer, conflicts, crmFields, erpFields, sound, start, unitsWith, world } from './two-people.js';
import { crm, key, worldRules } from './world.js';

// SPEC I2, I10, I17: of a number to which both sides add, nothing is lost and nothing counts twice, whatever is lost on the way.

const added: Partial<UnitRules> = {
  authority: { kind: 'either', policy: { kind: 'delta' }, blank: 'value' },
  as: 'decimal',
  same: 'decimal',
};
const open = (): Promise<void> => start({ rules: worldRules({ units: unitsWith('phone', added) }) });
const type = (at: 'crm' | 'erp', value: Json, id = '1'): void => world[at].edit(key(id), { phone: value });
const cycles = async (count: number): Promise<void> => {
  for (let cycle = 0; cycle < count; cycle += 1) await world.cycle();
};
const both = (id = '1'): readonly Json[] => [crmFields(id)?.['phone'] ?? null, erpFields(id)?.['phone'] ?? null];

test('what both add at once is in the total of both, and the ledger says who added what', async () => {
  await open();
  type('crm', '4');
  type('erp', '3.5');
  type('crm', '7', '2');
  type('erp', '7', '2');
  await cycles(3);
  expect([both(), both('2')]).toEqual([
    ['6.5', '6.5'],
    ['12', '12'],
  ]);
  expect(await conflicts()).toEqual([]);
  const { rows } = await world.store.readModel.ledger(world.pair, { after: null, limit: 50 });
  const details = rows
    .filter(({ entry }) => entry.kind === 'edited')
    .map(({ payload }) => payload?.detail['units'])
    .map((units) => (units as { readonly phone: { readonly added: string } }).phone.added);
  expect(new Set(details)).toEqual(new Set(['+2.5', '+3', '+5']));
  expect(details).toHaveLength(4);
  const explained = await world.engine.explainRecord({ pair: world.pair, side: crm, key: key('1') });
  expect(explained.units.find(({ unit }) => unit === 'phone')?.sentences[0]).toContain(
    'what each side adds to it is added up',
  );
  await sound();
});

test.for([
  ['the answer is lost', 'lost_response', null],
  ['the answer is lost, and the other side adds the same before anybody looks', 'lost_response', '8'],
  ['the writer ends before its commit', 'ended_before', null],
  ['the writer ends before its commit, and the other side types what was on its way', 'ended_before', '4'],
  ['the writer ends after its commit', 'ended_after', null],
  ['the writer ends after its commit, and the other side takes it back', 'ended_after', '1'],
] as const)('%s: each addition counts once, and nobody is asked', async ([, kind, typed]) => {
  await open();
  world.erp.inject({ kind });
  type('crm', '5');
  await world.cycle().catch((error: unknown) => expect(error).toMatchObject({ message: 'The process ended.' }));
  const held = Number(erpFields('1')?.['phone']);
  expect(held).toBe(kind === 'ended_before' ? 1 : 5);
  if (typed !== null) type('erp', typed);
  await cycles(4);
  const total = String(5 + (typed === null ? 0 : Number(typed) - held));
  expect(both()).toEqual([total, total]);
  expect(await conflicts()).toEqual([]);
  await sound();
});

test('where the fate of a batch is not known any more a person is asked, and what is added meanwhile is not lost', async () => {
  await open();
  world.erp.inject({ kind: 'ended_after' });
  type('crm', '5');
  await world.cycle().catch(() => undefined);
  world.erp.forgetsFates = true;
  await cycles(2);
  const [question] = await conflicts('clash');
  expect(question?.detail.note).toContain('The total is 5 or 9.');
  type('crm', '6');
  await cycles(1);
  const [moved] = await conflicts('clash');
  expect(moved?.detail.note).toContain('The total is 6 or 10.');
  await answer(moved, { kind: 'value', value: '6' });
  await cycles(2);
  expect(both()).toEqual(['6', '6']);
  await sound();
});
