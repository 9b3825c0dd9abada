import { isDeepStrictEqual } from 'node:util';
import type { PairTransaction, Store } from '../../src/engine/store.js';

/** Where the two stores gave different answers to one question. */
export type Difference = { readonly asked: string; readonly memory: unknown; readonly postgres: unknown };

/**
 * One store that is two: everything is asked of the store in memory and of the one on Postgres, and what they answer is
 * compared. So whatever a simulated world does is a test that the first is as strict as the second (SPEC I5, I11).
 */
export function dualStore(memory: Store, postgres: Store, differences: Difference[]): Store {
  return {
    ...memory,
    ...asked(storeQuestions, memory, postgres, differences),
    transact: (pair, work) =>
      memory.transact(pair, (left) =>
        postgres.transact(pair, (right) => work(dualTransaction(left, right, differences))),
      ),
  };
}

const storeQuestions = [
  'saveRevision',
  'revision',
  'pair',
  'pairs',
  'openDeliveries',
  'rereads',
  'entities',
  'linkedKeys',
  'ledger',
  'leaves',
  'createPlan',
  'plan',
  'savePlanItems',
  'countShapes',
  'updatePlan',
  'openPlan',
  'runCounts',
  'parents',
  'namedBy',
] as const;

const transactionQuestions = [
  'entitiesByKeys',
  'entitiesByIds',
  'entitiesByMatch',
  'textCounts',
  'entitiesAlike',
  'keptApart',
  'delivery',
  'movedSince',
  'openPlan',
  'openConflicts',
  'parents',
  'namedBy',
  'readyWaits',
  'orphans',
] as const;

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The methods of these names, each asked of both. */
function asked<Port extends object, Name extends keyof Port & string>(
  names: readonly Name[],
  left: Port,
  right: Port,
  differences: Difference[],
): Pick<Port, Name> {
  const methods = names.map((name): [Name, Method] => [
    name,
    async (...args) => {
      const answer = await (left[name] as Method)(...args);
      compare(differences, name, answer, await (right[name] as Method)(...args));
      return answer;
    },
  ]);
  return Object.fromEntries(methods) as unknown as Pick<Port, Name>;
}

function dualTransaction(left: PairTransaction, right: PairTransaction, differences: Difference[]): PairTransaction {
  for (const name of ['pair', 'sent', 'planned'] as const)
    compare(differences, `transaction.${name}`, left[name], right[name]);
  return {
    ...left,
    ...asked(transactionQuestions, left, right, differences),
    async commit(changes) {
      const { entries } = changes;
      const made = typeof entries === 'function' ? entries() : entries;
      const fixed = made === undefined ? changes : { ...changes, entries: 'head' in made ? () => made : made };
      await left.commit(fixed);
      await right.commit(fixed);
    },
  };
}

function compare(differences: Difference[], question: string, memory: unknown, postgres: unknown): void {
  const [one, other] = [comparable(memory), comparable(postgres)];
  if (!isDeepStrictEqual(one, other)) differences.push({ asked: question, memory: one, postgres: other });
}

/** Without what is the database's own: its clock, and the numbers that it gives to questions. */
const own = new Set(['openedAtMs', 'endedAtMs', 'createdAtMs']);

function comparable(value: unknown): unknown {
  if (value instanceof Set) return [...(value as ReadonlySet<number>)].sort((a, b) => a - b);
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
