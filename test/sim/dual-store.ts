import { isDeepStrictEqual } from 'node:util';
import type { PairTransaction, Store } from '../../src/engine/store.js';

/** Where the two stores gave different answers to one question. */
export type Difference = { readonly asked: string; readonly memory: unknown; readonly postgres: unknown };

/**
 * One store that is two: everything is asked of the store in memory and of the one on Postgres, and what they answer is
 * compared. So whatever a simulated world does is a test that the first is as strict as the second (SPEC I5, I11).
 */
export function dualStore(memory: Store, postgres: Store, differences: Difference[]): Store {
  const both =
    <A extends unknown[], R>(asked: string, left: (...args: A) => Promise<R>, right: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const answer = await left(...args);
      compare(differences, asked, answer, await right(...args));
      return answer;
    };
  return {
    ...memory,
    saveRevision: both('saveRevision', memory.saveRevision, postgres.saveRevision),
    revision: both('revision', memory.revision, postgres.revision),
    pair: both('pair', memory.pair, postgres.pair),
    pairs: both('pairs', memory.pairs, postgres.pairs),
    openDeliveries: both('openDeliveries', memory.openDeliveries, postgres.openDeliveries),
    rereads: both('rereads', memory.rereads, postgres.rereads),
    entities: both('entities', memory.entities, postgres.entities),
    linkedKeys: both('linkedKeys', memory.linkedKeys, postgres.linkedKeys),
    ledger: both('ledger', memory.ledger, postgres.ledger),
    leaves: both('leaves', memory.leaves, postgres.leaves),
    createPlan: both('createPlan', memory.createPlan, postgres.createPlan),
    plan: both('plan', memory.plan, postgres.plan),
    savePlanItems: both('savePlanItems', memory.savePlanItems, postgres.savePlanItems),
    countShapes: both('countShapes', memory.countShapes, postgres.countShapes),
    updatePlan: both('updatePlan', memory.updatePlan, postgres.updatePlan),
    openPlan: both('openPlan', memory.openPlan, postgres.openPlan),
    runCounts: both('runCounts', memory.runCounts, postgres.runCounts),
    transact: (pair, work) =>
      memory.transact(pair, (left) =>
        postgres.transact(pair, (right) => work(dualTransaction(left, right, differences))),
      ),
  };
}

function dualTransaction(left: PairTransaction, right: PairTransaction, differences: Difference[]): PairTransaction {
  const both =
    <A extends unknown[], R>(asked: string, one: (...args: A) => Promise<R>, other: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const answer = await one(...args);
      compare(differences, asked, answer, await other(...args));
      return answer;
    };
  for (const name of ['pair', 'sent', 'planned'] as const)
    compare(differences, `transaction.${name}`, left[name], right[name]);
  return {
    ...left,
    entitiesByKeys: both('entitiesByKeys', left.entitiesByKeys, right.entitiesByKeys),
    entitiesByIds: both('entitiesByIds', left.entitiesByIds, right.entitiesByIds),
    entitiesByMatch: both('entitiesByMatch', left.entitiesByMatch, right.entitiesByMatch),
    textCounts: both('textCounts', left.textCounts, right.textCounts),
    entitiesAlike: both('entitiesAlike', left.entitiesAlike, right.entitiesAlike),
    keptApart: both('keptApart', left.keptApart, right.keptApart),
    delivery: both('delivery', left.delivery, right.delivery),
    movedSince: both('movedSince', left.movedSince, right.movedSince),
    openPlan: both('openPlan', left.openPlan, right.openPlan),
    openConflicts: both('openConflicts', left.openConflicts, right.openConflicts),
    async commit(changes) {
      const { entries } = changes;
      const made = typeof entries === 'function' ? entries() : entries;
      const fixed = made === undefined ? changes : { ...changes, entries: 'head' in made ? () => made : made };
      await left.commit(fixed);
      await right.commit(fixed);
    },
  };
}

function compare(differences: Difference[], asked: string, memory: unknown, postgres: unknown): void {
  const [one, other] = [comparable(memory), comparable(postgres)];
  if (!isDeepStrictEqual(one, other)) differences.push({ asked, memory: one, postgres: other });
}

/** Without what is the database's own: its clock, and the numbers that it gives to questions. */
const own = new Set(['openedAtMs', 'endedAtMs', 'createdAtMs']);

function comparable(value: unknown): unknown {
  if (value instanceof Set) return [...value].sort();
  if (Array.isArray(value)) {
    const list = value.map(comparable);
    return list.every((row) => row !== null && typeof row === 'object' && 'key' in row && 'state' in row)
      ? list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : list;
  }
  if (value === null || typeof value !== 'object') return value;
  const isQuestion = 'shape' in value && 'label' in value && 'vv' in value;
  const kept = Object.entries(value).filter(
    ([name, part]) => !own.has(name) && !(isQuestion && name === 'id') && part !== undefined,
  );
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, comparable(part)]));
}
