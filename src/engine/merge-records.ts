import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { matchValues } from '../core/identity.js';
import { unproven } from '../core/fence.js';
import { givenUp, isAlone, mergeInto, mustWait, rekeyed, type Party } from '../core/merge.js';
import { hasRecord } from '../core/presence.js';
import type { Snapshot } from '../core/record.js';
import type { Disappearances } from './disappearances.js';
import type { Ended } from './identify.js';
import type { Page, Step } from './page.js';

/** What is left of merges for the page: entities that go on, and keys about which nothing more is to be said. */
export type TakenMerges = {
  readonly entities: readonly EntityId[];
  readonly keys: ReadonlySet<RecordKey>;
  /** Those of them under which an entity was known until now. */
  readonly moved: ReadonlySet<RecordKey>;
};

/**
 * Takes what a side merged before anything that it no longer shows counts as deleted (semantics §1.11). The entity of a
 * record that is no more becomes part of the one of the record that was kept; where nobody had read that one yet, it goes
 * on under its key. While a write to either is in doubt the merge waits, and the key is read again.
 *
 * `known` is the page's map of keys to entities and is brought up to date, so that the record that was kept is no stranger.
 */
export function takeMerges(
  page: Page,
  side: SideName,
  { known, absent, ended }: { known: Map<RecordKey, EntityId>; absent: Disappearances; ended: Ended[] },
): TakenMerges {
  const entities = new Set<EntityId>();
  const keys = new Set<RecordKey>();
  const moved = new Set<RecordKey>();
  for (const { key, into } of absent.merges) {
    const from = partyOf(page, known.get(key));
    // Of a record that was to be deleted, or that stood beside another, a merge is the end like any other.
    if (from?.state.presence.kind === 'tombstone' || from?.state.sides[side]?.presence === 'duplicate') continue;
    keys.add(key);
    // Nobody knows the record, or it was retired long ago: a late word about it changes nothing.
    if (from === null || !hasRecord(from.state.sides[side]) || from.state.presence.kind === 'alias') continue;
    const to = partyOf(page, known.get(into));
    if (to?.entity === from.entity) continue;
    if (mustWait(from.state, page.hub) || (to !== null && mustWait(to.state, page.hub))) {
      page.rereads.push({ side, key });
      page.take(from.entity, { state: unproven(from.state, page.hub, side) });
      continue;
    }
    page.count('merged');
    const isNew = to === null || isAlone(to.state, side);
    if (isNew) {
      if (to !== null) {
        page.take(to.entity, aliasStep(page, side, { from, to, into }));
        ended.push(to);
      }
      goOn(page, side, { from, key, into });
    } else {
      takeInto(page, side, { from, to, key, into });
      ended.push(from);
    }
    const kept = absent.survivors.find((record) => record.key === into);
    const entity = isNew ? from.entity : to.entity;
    if (kept !== undefined)
      for (const { value } of matchValues(page.hub.rules, side, kept)) page.found.byValue(entity, side, value);
    known.delete(key);
    moved.add(key);
    known.set(into, entity);
    entities.add(entity);
  }
  return { entities: [...entities], keys, moved };
}

/** What was read again just before its merge was told would come back as a stranger; it is read once more. */
export function afterMerges(
  page: Page,
  side: SideName,
  readAgain: readonly Snapshot[],
  { moved }: TakenMerges,
): readonly Snapshot[] {
  for (const { key } of readAgain) if (moved.has(key)) page.rereads.push({ side, key });
  return readAgain.filter(({ key }) => !moved.has(key));
}

function partyOf(page: Page, entity: EntityId | undefined): Party | null {
  const state = entity === undefined ? undefined : page.state(entity);
  return entity === undefined || state === undefined ? null : { entity, state };
}

type Merging = { readonly from: Party; readonly key: RecordKey; readonly into: RecordKey };

/** What has a history goes on: the edits that the sides had made of it were made of this record. */
function aliasStep(
  page: Page,
  side: SideName,
  { from, to, into }: Omit<Merging, 'key'> & { readonly to: Party },
): Step {
  const { alias, facts, closes } = givenUp(to, page.hub, side, { into, entity: from.entity });
  return { state: alias, facts, closes };
}

function goOn(page: Page, side: SideName, { from, key, into }: Merging): void {
  const { state, facts } = rekeyed(from, page.hub, side, into);
  page.take(from.entity, { state, facts });
  page.link(from.entity, side, into);
  // The old key stays an alias for ever: what is said of it late is known to be about the past.
  page.link(from.entity, side, key);
}

function takeInto(page: Page, side: SideName, { from, to, into }: Merging & { readonly to: Party }): void {
  const { state, alias, facts, questions, asks, closes, moved } = mergeInto(from, to, page.hub, side, into);
  const own = facts.filter(({ entity }) => entity === from.entity);
  page.take(from.entity, { state: alias, facts: own, questions, closes });
  page.take(to.entity, { state, facts: facts.filter(({ entity }) => entity === to.entity), questions: asks });
  for (const one of moved) page.link(to.entity, one.side, one.key);
}
