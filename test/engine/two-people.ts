import { afterEach, expect } from 'vitest';
import type { UnitRules } from '../../src/core/rules.js';
import type { Choice } from '../../src/engine/engine.js';
import type { ConflictKind, ConflictRow } from '../../src/engine/store.js';
import { openQuestions } from '../support/open-questions.js';
import { type crm, key, openWorld, worldRules, type World } from './world.js';

/** The world of the test that runs; closed after it. */
export let world: World;
afterEach(async () => {
  await world.close();
});

type Options = Partial<Parameters<typeof openWorld>[0]>;

/** Opens a world without a record. */
export async function openPeople(options: Options = {}): Promise<void> {
  world = await openWorld({ rules: worldRules(), ...options });
}

/** Two people whom both sides have and agree about. */
export async function start(options: Options = {}): Promise<void> {
  await openPeople(options);
  world.crm.put(
    { id: '1', name: 'Ada', phone: '1', street: 'High St 1', city: 'Bath' },
    { id: '2', name: 'Bob', phone: '2', street: 'Low Rd 2', city: 'Bath' },
  );
  world.erp.put(
    { id: '1', title: 'Ada', phone: '1', address: 'High St 1 Bath' },
    { id: '2', title: 'Bob', phone: '2', address: 'Low Rd 2 Bath' },
  );
  await world.planAndApply();
  await world.cycle();
  await world.cycle();
}

/** Questions that are open, of one kind or of all. */
export const conflicts = (kind?: ConflictKind): Promise<readonly ConflictRow[]> => openQuestions(world, kind);
export const answer = async (question: ConflictRow | undefined, choice: Choice): Promise<unknown> =>
  world.engine.decide({ conflict: question?.id ?? 0, vv: question?.vv ?? '', choice, by: 'jo', note: null });
export const sound = async (): Promise<void> => {
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
};
export const crmFields = (id: string) => world.crm.get(key(id))?.fields;
export const erpFields = (id: string) => world.erp.get(key(id))?.fields;
export const take = async (side: typeof crm, plan: number | null = null): Promise<void> => {
  const { run } = await world.engine.nextStep({ pair: world.pair });
  while ((await world.engine.takePage({ pair: world.pair, side, run, plan })).more);
};
export const unitsWith = (name: string, changes: Partial<UnitRules>): readonly UnitRules[] =>
  worldRules().units.map((unit) => (unit.name === name ? { ...unit, ...changes } : unit));
export const hold = (mode: 'held' | 'active') => world.engine.setMode({ pair: world.pair, mode, by: 'jo' });
