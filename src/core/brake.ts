import type { Limits } from './rules.js';

/** What a run did or plans to do, against the number of linked records. */
export type RunLoad = {
  readonly linked: number;
  readonly creates: number;
  readonly deletes: number;
  readonly changes: number;
  /** From the file: `limit: 10 per run`; null for the default. */
  readonly deleteLimit: number | null;
  readonly limits: Pick<Limits, 'few' | 'createShare' | 'deleteShare' | 'changeShare'>;
};

export type Brake = { readonly reason: string; readonly counts: { readonly [name: string]: number } };

/**
 * The brakes (semantics §2.4): stop a run before its first write when it would delete or create more than
 * max(10, 1 %) of the linked records, or change more than max(10, 30 %), or what the file says instead. Null: go on.
 */
export function brakeFor(load: RunLoad): Brake | null {
  const { few, createShare, deleteShare, changeShare } = load.limits;
  const most = (share: number): number => Math.max(few, Math.floor(load.linked * share));
  const deleteMax = load.deleteLimit ?? most(deleteShare);
  const createMax = most(createShare);
  const changeMax = most(changeShare);
  if (load.deletes > deleteMax) return stop('deletes', load.deletes, deleteMax, load);
  if (load.creates > createMax) return stop('creates', load.creates, createMax, load);
  if (load.changes > changeMax) return stop('changes', load.changes, changeMax, load);
  return null;
}

function stop(what: string, count: number, limit: number, load: RunLoad): Brake {
  return {
    reason:
      `One run would make ${count} ${what}; the limit is ${limit} for ${load.linked} linked records. ` +
      `Nothing of it was written. Look at them with "parley plan", and let them pass with "parley apply".`,
    counts: { [what]: count, limit, linked: load.linked },
  };
}
