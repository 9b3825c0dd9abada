import type { Absence, Disappearance } from '../core/absence.js';
import type { RecordKey } from '../core/ids.js';
import type { Snapshot } from '../core/record.js';
import type { Connector } from './connector.js';

/** Records that took the place of others may have been merged on; longer chains are not followed. */
const chainMax = 8;

/** What became of keys that a side does not show, and the records that others of them were merged into. */
export type Disappearances = {
  readonly kinds: ReadonlyMap<RecordKey, Disappearance>;
  readonly merges: readonly { readonly key: RecordKey; readonly into: RecordKey }[];
  readonly survivors: readonly Snapshot[];
};

export const noDisappearances: Disappearances = { kinds: new Map(), merges: [], survivors: [] };

/**
 * Asks a side what became of records that it does not show; `told` is what its feed has said by itself. What a merge led
 * to is read, because the value that counts is the one that stands there now; where it leads to nothing that can be read,
 * the end of the chain says what it was, and that it was another record that was deleted. A connector that cannot tell means
 * what it always meant: deleted.
 */
export async function lookForAbsent(
  connector: Pick<Connector, 'whereabouts' | 'readByKeys'>,
  keys: readonly RecordKey[],
  told: readonly Absence[] = [],
): Promise<Disappearances> {
  if (keys.length === 0 && told.length === 0) return noDisappearances;
  const said = new Set(told.map(({ key }) => key));
  const absences = [
    ...told,
    ...(await ask(
      connector,
      keys.filter((key) => !said.has(key)),
    )),
  ];
  const kinds = new Map<RecordKey, Disappearance>();
  const survivors = new Map<RecordKey, Snapshot>();
  const merges: { key: RecordKey; into: RecordKey }[] = [];
  let open = new Map<RecordKey, RecordKey>();
  for (const absence of absences) {
    if (absence.kind === 'merged') open.set(absence.key, absence.into);
    else kinds.set(absence.key, absence.kind);
  }
  for (let step = 0; open.size > 0; step += 1) {
    const targets = [...new Set(open.values())];
    for (const record of await connector.readByKeys(targets)) survivors.set(record.key, record);
    const lost = targets.filter((key) => !survivors.has(key));
    // Nobody knows where a chain without an end leads; that is not to say that anything was deleted.
    const ends: readonly Absence[] =
      step >= chainMax ? lost.map((key) => ({ key, kind: 'hidden' })) : await ask(connector, lost);
    const endOf = new Map(ends.map((end) => [end.key, end]));
    const next = new Map<RecordKey, RecordKey>();
    for (const [key, target] of open) {
      const end = endOf.get(target);
      if (end === undefined) merges.push({ key, into: target });
      else if (end.kind === 'merged') next.set(key, end.into);
      else kinds.set(key, end.kind === 'deleted' ? 'merged_and_deleted' : end.kind);
    }
    open = next;
  }
  return { kinds, merges, survivors: [...survivors.values()] };
}

async function ask(connector: Pick<Connector, 'whereabouts'>, keys: readonly RecordKey[]): Promise<readonly Absence[]> {
  if (keys.length === 0) return [];
  const known = new Map((await connector.whereabouts?.(keys))?.map((absence) => [absence.key, absence]));
  return keys.map((key) => known.get(key) ?? { key, kind: 'deleted' });
}
