import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasCode } from '../../src/core/errors.js';
import type { Invariant } from '../../src/core/rules.js';
import type { ConflictRow } from '../../src/engine/store.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, key, openWorld, worldRules, type World } from './world.js';

// SPEC I23, I17, I21: an invariant of a record, through the engine and the real store.

const text = { as: 'text', isList: false } as const;
const apart: Invariant = {
  expression: {
    text: 'name != phone',
    variables: { name: text, phone: text },
    result: { as: 'boolean', isList: false },
  },
  place: 'pairs/people.yaml:12',
};

let world: World;
beforeEach(async () => {
  world = await openWorld({ rules: worldRules({ invariants: [apart] }) });
  for (const id of ['1', '2']) {
    world.crm.put({ id, name: 'Ada', phone: '1', street: null, city: null });
    world.erp.put({ id, title: 'Ada', phone: '1', address: null });
  }
  await world.planAndApply();
  await world.cycle();
});
afterEach(async () => {
  await world.close();
});

async function breakBoth(): Promise<ConflictRow> {
  for (const id of ['1', '2']) {
    world.crm.edit(key(id), { name: '7', street: 'Elm' });
    world.erp.edit(key(id), { phone: '7' });
  }
  await world.cycle();
  await world.cycle();
  const [asked] = await questions();
  if (asked === undefined) throw new Error('nothing was asked');
  return asked;
}

const questions = () => openQuestions(world);

const held = (id: string): unknown => [
  world.crm.get(key(id))?.fields['name'],
  world.crm.get(key(id))?.fields['phone'],
  world.erp.get(key(id))?.fields['title'],
  world.erp.get(key(id))?.fields['phone'],
  world.erp.get(key(id))?.fields['address'],
];

test('what sides break only together is one question, and the rest of the record goes on', async () => {
  const asked = await breakBoth();
  expect([asked.kind, asked.unit, asked.label]).toEqual(['invariant', null, 'name 7 | phone 7']);
  expect((await questions()).length).toBe(2);
  expect(held('1')).toEqual(['7', '1', 'Ada', '7', 'Elm']);
  const verified = await world.engine.verify({ pair: world.pair });
  expect([verified.ok, verified.differences]).toEqual([true, { asked: 2 }]);
  const { sentences } = (await explained('1')).units[0] ?? { sentences: [] };
  expect(sentences.join(' ')).toContain('break name != phone (pairs/people.yaml:12) only together');
});

test('one side is kept for all questions of the shape', async () => {
  const asked = await breakBoth();
  const answer = { like: asked.id, choice: { kind: 'keep', side: crm }, by: 'ann', note: null } as const;
  const counted = await world.engine.decideAlike({ ...answer, dryRun: true });
  expect([counted.alike, counted.leftOut, counted.writes]).toEqual([2, 0, { erp: 2 }]);
  await world.engine.decideAlike({ ...answer, dryRun: false });
  await world.deliver();
  expect([held('1'), held('2')]).toEqual(['1', '2'].map(() => ['7', '1', '7', '1', 'Elm']));
  expect(await questions()).toEqual([]);
  expect((await world.engine.verifyLedger({ pair: world.pair })).ok).toBe(true);
});

test('values by field answer it; values that break it as well do not, and an answer to another version does not', async () => {
  const { id, vv } = await breakBoth();
  const answer = { conflict: id, vv, by: 'ann', note: null } as const;
  const bad = world.engine.decide({ ...answer, choice: { kind: 'value', value: { name: '7' } } });
  await expect(bad).rejects.toSatisfy((error) => hasCode(error, 'conflict.bad_choice'));
  const other = world.engine.decide({ ...answer, choice: { kind: 'value', value: { address: 'x' } } });
  await expect(other).rejects.toSatisfy((error) => hasCode(error, 'conflict.bad_choice'));
  const late = world.engine.decide({ ...answer, vv: 'other', choice: { kind: 'keep', side: crm } });
  await expect(late).rejects.toSatisfy((error) => hasCode(error, 'conflict.changed'));
  await world.engine.decide({ ...answer, choice: { kind: 'value', value: { name: 'Eve' } } });
  await world.deliver();
  expect(held('1')).toEqual(['Eve', '7', 'Eve', '7', 'Elm']);
  expect((await world.engine.verifyLedger({ pair: world.pair })).ok).toBe(true);
});

async function explained(id: string): ReturnType<World['engine']['explainRecord']> {
  return world.engine.explainRecord({ pair: world.pair, side: crm, key: key(id) });
}
