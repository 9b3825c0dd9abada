import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { recordQuestion, type Question } from '../core/question.js';
import { isKeyTaken } from '../core/made.js';
import { without } from '../core/register.js';
import { hasRecord } from '../core/presence.js';
import type { EntityState, Shadow } from '../core/state.js';
import type { DeliveryItem, PairTransaction, StoredEntity } from './store.js';

type States = {
  load(entities: readonly StoredEntity[]): void;
  state(entity: EntityId): EntityState | undefined;
};

type Taken = {
  readonly side: SideName;
  readonly entity: EntityId;
  readonly key: RecordKey;
  /** The entity that has the key there, where it is to go: what would be made waits for that. */
  readonly leaving: EntityId | null;
};

/** The creates among planned writes whose record is there, or to be made, and stands for another entity; a statement a side. */
export async function takenCreates(
  transaction: Pick<PairTransaction, 'entitiesByKeys'>,
  states: States,
  planned: ReadonlyMap<SideName, ReadonlyMap<EntityId, DeliveryItem>>,
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  for (const [side, items] of planned) {
    const creates = [...items.values()].filter(({ kind }) => kind === 'create');
    if (creates.length === 0) continue;
    const holders = await transaction.entitiesByKeys(
      side,
      creates.map(({ key }) => key),
    );
    states.load(holders);
    // Of two that would make the same record the first one does.
    const first = new Map<RecordKey, EntityId>();
    for (const { entity, key } of creates) {
      const isOthers = (id: EntityId): boolean => id !== entity && isHeld(states.state(id)?.sides[side], key);
      const holder = holders.find((held) => held.key === key && isOthers(held.id))?.id ?? first.get(key);
      if (holder === undefined) {
        first.set(key, entity);
        continue;
      }
      const isLeaving = isWaitedFor(states.state(holder), states.state(entity), side);
      taken.push({ side, entity, key, leaving: isLeaving ? holder : null });
    }
  }
  return taken;
}

/** A record that is there, or that is to be made there. */
function isHeld(shadow: Shadow | undefined, key: RecordKey): boolean {
  if (shadow?.key !== key) return false;
  return hasRecord(shadow) || ['awaited', 'duplicate', 'archived'].includes(shadow.presence);
}

/**
 * A record whose key another one took over is to be deleted on `side` too, and nobody has said otherwise: the other one is
 * made there afterwards. Any other record that stands in the way stays, as far as anybody knows.
 */
function isWaitedFor(holder: EntityState | undefined, entity: EntityState | undefined, side: SideName): boolean {
  if (holder === undefined || !isToGo(holder, side)) return false;
  return Object.entries(holder.sides).some(
    ([other, shadow]) => isKeyTaken(shadow) && entity?.sides[other as SideName]?.key === shadow.key,
  );
}

function isToGo({ presence, sides }: EntityState, side: SideName): boolean {
  return (presence.kind === 'delete_held' || presence.kind === 'tombstone') && hasRecord(sides[side]);
}

/** A create that is not made, because the record that it would make is there and stands for something else. */
export function takenStep(
  state: EntityState,
  { side, key, leaving }: Pick<Taken, 'side' | 'key' | 'leaving'>,
): { readonly state: EntityState; readonly questions: readonly Question[] } {
  const sides = without(state.sides, side);
  if (leaving !== null)
    return { state: { ...state, sides, hold: { kind: 'key', side, holder: leaving } }, questions: [] };
  const waiting: EntityState = { ...state, sides, hold: { kind: 'create' } };
  const from = (Object.keys(waiting.sides)[0] ?? side) as SideName;
  const note = `The record that would be made in ${side} under the key ${key} is there, and belongs to another one.`;
  return { state: waiting, questions: [recordQuestion('create', waiting, from, { note, rule: 'taken', shape: side })] };
}

/**
 * Keys that other records took over from one whose delete was decided, made or taken back just now: what is there is looked
 * at again, for it may have waited for that.
 */
export function takenFrom(before: EntityState, after: EntityState): readonly { side: SideName; key: RecordKey }[] {
  const taken = (Object.entries(before.sides) as [SideName, Shadow][]).filter(([, shadow]) => isKeyTaken(shadow));
  if (taken.length === 0) return [];
  const names = Object.keys(before.sides) as SideName[];
  const isMoved = names.some((side) => before.sides[side]?.presence !== after.sides[side]?.presence);
  const isDecided = before.presence.kind !== after.presence.kind;
  return isMoved || isDecided ? taken.map(([side, { key }]) => ({ side, key })) : [];
}

/** Frees those of the entities that waited for a key, once nobody is to go there any more. Returns them: the caller settles them. */
export async function releaseKeys(
  transaction: Pick<PairTransaction, 'entitiesByIds'>,
  page: States & { take(entity: EntityId, step: { readonly state: EntityState }): void },
  entities: readonly (EntityId | undefined)[],
): Promise<readonly EntityId[]> {
  const waiting = entities.flatMap((id) => {
    const hold = id === undefined ? null : page.state(id)?.hold;
    return id !== undefined && hold?.kind === 'key' ? [{ id, ...hold }] : [];
  });
  if (waiting.length === 0) return [];
  page.load(await transaction.entitiesByIds([...new Set(waiting.map(({ holder }) => holder))]));
  return waiting.flatMap(({ id, side, holder }) => {
    const [state, other] = [page.state(id), page.state(holder)];
    if (state === undefined || (other !== undefined && isToGo(other, side))) return [];
    page.take(id, { state: { ...state, hold: null } });
    return [id];
  });
}
