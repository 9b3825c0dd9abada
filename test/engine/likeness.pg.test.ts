import { afterEach, expect, test } from 'vitest';
import type { MatchRule } from '../../src/core/rules.js';
import type { ConflictRow } from '../../src/engine/store.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

let world: World;
afterEach(async () => {
  await world.close();
});

const sameKey: MatchRule = { kind: 'certain', fields: { [crm]: ['id'], [erp]: ['id'] }, text: 'crm.id = erp.id' };
const weighed: MatchRule = {
  kind: 'weighed',
  units: [
    { unit: 'name' as never, agree: 0.9 },
    { unit: 'phone' as never, agree: 0.8 },
  ],
  link: 12,
  ask: 5,
  margin: 4,
  text: 'weigh name + phone',
};

async function open(match: readonly MatchRule[]): Promise<void> {
  world = await openWorld({ rules: worldRules({ match }) });
}
function inCrm(id: string, name: string, phone: string | null): void {
  world.crm.put({ id, name, phone, street: null, city: null });
}
function inErp(id: string, title: string, phone: string | null): void {
  world.erp.put({ id, title, phone, address: null });
}
async function matchQuestions(): Promise<readonly ConflictRow[]> {
  const filter = { pair: world.pair, state: 'open', kind: 'match', unit: null, shape: null } as const;
  return (await world.store.readModel.conflicts(filter, { after: null, limit: 100 })).rows;
}
async function decide(
  { id, vv }: ConflictRow,
  choice: Parameters<World['engine']['decide']>[0]['choice'],
): Promise<void> {
  await world.engine.decide({ conflict: id, vv, choice, by: 'jo', note: null });
  await world.deliver();
}
async function ledgerIsSound(): Promise<void> {
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
}

// SPEC I15
test('evidence enough for a link is listed by the plan with its weights, and applying it links', async () => {
  await open([sameKey, weighed]);
  inCrm('c1', 'Brighton Works', '02071234567');
  inCrm('c2', 'Bath Bakery', '01225000000');
  inErp('e1', 'BRIGHTON WORKS', '02071234567');
  const plan = await world.plan();
  const links = await world.store.readModel.planItems(
    plan,
    { kind: 'link', unit: null, blankOnly: false },
    { after: null, limit: 10 },
  );
  expect(links.rows).toMatchObject([{ after: { crm: 'c1', erp: 'e1' } }]);
  expect(links.rows[0]?.rule).toMatch(
    /^match: weigh name \+ phone \(name equal \+6\.5, phone equal \+6\.3: 12\.8 bits\)$/,
  );
  await world.apply(plan);
  expect([...world.erp.keys].sort()).toEqual(['c2', 'e1']);
  expect(world.crm.keys).toEqual(['c1', 'c2']);
  await ledgerIsSound();
});

test('a misspelled name with the same phone is asked; the answer links, and nothing was made twice', async () => {
  await open([sameKey, weighed]);
  inCrm('c1', 'Brighton Works', '02071234567');
  inErp('e1', 'Brighton Wroks', '02071234567');
  await world.planAndApply();
  const [question] = await matchQuestions();
  expect(question?.rule).toContain('name alike');
  expect([world.crm.keys, world.erp.keys]).toEqual([['c1'], ['e1']]);
  await decide(question as ConflictRow, { kind: 'link', side: crm, key: key('c1') });
  expect([world.crm.keys, world.erp.keys]).toEqual([['c1'], ['e1']]);
  await ledgerIsSound();
});

test('what a person kept apart is not asked again, also when one of the two is made anew', async () => {
  await open([sameKey, weighed]);
  inCrm('c1', 'Brighton Works', '02071234567');
  inErp('e1', 'Brighton Wroks', '02071234567');
  await world.planAndApply();
  const [question] = await matchQuestions();
  await decide(question as ConflictRow, { kind: 'leave' });
  expect(await matchQuestions()).toEqual([]);
  world.erp.remove(key('e1'));
  await world.cycle({ list: true });
  inErp('e1', 'Brighton Wroks', '02071234567');
  await world.cycle({ list: true });
  expect(await matchQuestions()).toEqual([]);
  await ledgerIsSound();
});

test('two candidates that are equally like it are both named, and none is linked', async () => {
  await open([sameKey, weighed]);
  inCrm('c1', 'Brighton Works', '02071234567');
  inCrm('c2', 'Brighton Works', '02071234567');
  inErp('e1', 'Brighton Works', '02071234567');
  await world.planAndApply();
  const questions = await matchQuestions();
  expect(questions.map(({ detail }) => detail.note)).toEqual([
    'This record may be the same as any of 2 that are already known.',
  ]);
  expect(world.crm.keys).toEqual(['c1', 'c2']);
});

test('a guess by one name is asked from its likeness on, and a far one is created', async () => {
  await open([sameKey, { kind: 'alike', unit: 'name' as never, least: 0.92, text: 'name ~ 0.92' }]);
  inCrm('c1', 'Brighton Works', null);
  inErp('e1', 'Brighton Wroks', null);
  inErp('e2', 'Zebra Crossing', null);
  await world.planAndApply();
  expect((await matchQuestions()).map(({ rule }) => rule)).toEqual(['match: name ~ 0.92']);
  expect(world.crm.keys).toEqual(['c1', 'e2']);
});
