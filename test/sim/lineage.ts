import type { RecordKey } from '../../src/core/ids.js';
import { Chance } from './chance.js';
import type { Focus, WorldOptions } from './options.js';
import type { Step } from './steps.js';

/**
 * Of every few worlds one has systems that merge and hide records and can say so. What happens there comes from a stream of
 * its own, so that the worlds that were before this stay what they were.
 */
export function withLineage(
  { options, steps }: { readonly options: WorldOptions; readonly steps: readonly Step[] },
  focus: Focus,
): { readonly options: WorldOptions; readonly steps: readonly Step[] } {
  const chance = new Chance(options.seed ^ 0x11ea6e);
  const isOne = focus.world?.lineage ?? chance.is(0.2);
  // What two numbers that all sides add to become when they are made one, the checker does not know.
  const isSummed = options.units.some(({ authority }) => authority.kind === 'delta');
  if (!isOne || isSummed) return { options, steps };
  const side = (): string => chance.one(options.sides).name;
  const key = (): string => chance.one(options.records).key;
  const events = Array.from({ length: chance.between(1, 4) }, (): readonly Step[] => {
    const [at, one] = [side(), key()];
    const keeps = options.units.filter(() => chance.is(0.3)).map(({ name }) => name);
    const into = chance.is(0.8) && options.records.length > 1 ? key() : `n${chance.below(2)}`;
    const kind = chance.weighted({ merge: 60, hide: 15, leave: 15, show: 10 });
    // Of what is hidden and shown again between two listings of the keys nobody knows that it was (SPEC, Gaps).
    const isTold = options.sides.some(({ name, deletes }) => name === at && deletes === 'feed');
    if (kind !== 'merge' && !isTold) return [];
    return kind === 'merge' ? [{ do: kind, side: at, key: one, into, keeps }] : [{ do: kind, side: at, key: one }];
  });
  let all = steps;
  for (const event of events) {
    const at = chance.below(all.length + 1);
    all = [...all.slice(0, at), ...event, ...all.slice(at)];
  }
  return { options: { ...options, lineage: true }, steps: all };
}

/** The keys of a record and of all that were merged into it. */
export function withMerged(merged: ReadonlyMap<RecordKey, RecordKey>, key: RecordKey): readonly RecordKey[] {
  const found = [key];
  for (const one of found)
    for (const [lost, into] of merged) if (into === one && !found.includes(lost)) found.push(lost);
  return found;
}

type Merges = {
  readonly merged: ReadonlyMap<RecordKey, RecordKey>;
  readonly mergedBefore: readonly (readonly [RecordKey, RecordKey])[];
};

/** A key that is used again: what its record was merged into before, the system can no longer tell. */
export function usedAgain({ merged, mergedBefore }: Merges, key: RecordKey): Merges {
  const into = merged.get(key);
  if (into === undefined) return { merged, mergedBefore };
  const others = new Map(merged);
  others.delete(key);
  return { merged: others, mergedBefore: [...mergedBefore, [key, into]] };
}
