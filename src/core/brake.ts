/** What a run did or plans to do, against the number of linked records. */
export type RunLoad = {
  readonly linked: number;
  readonly creates: number;
  readonly deletes: number;
  readonly changes: number;
  /** From the file: `limit: 10 per run`; null for the default. */
  readonly deleteLimit: number | null;
};

export type Brake = { readonly reason: string; readonly counts: { readonly [name: string]: number } };

const fewAlways = 10;
const createShare = 0.01;
const changeShare = 0.3;

/**
 * The brakes (semantics §2.4): stop a run before its first write when it would delete or create more than
 * max(10, 1 %) of the linked records, or change more than max(10, 30 %). Null: go on.
 */
export function brakeFor(load: RunLoad): Brake | null {
  const few = Math.max(fewAlways, Math.floor(load.linked * createShare));
  const deleteMax = load.deleteLimit ?? few;
  const changeMax = Math.max(fewAlways, Math.floor(load.linked * changeShare));
  if (load.deletes > deleteMax) return stop('deletes', load.deletes, deleteMax, load);
  if (load.creates > few) return stop('creates', load.creates, few, load);
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
