import { observeAbsent, type Disappearance } from '../core/absence.js';
import { questionsBack, unmerged } from '../core/duplicate.js';
import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { observe, type Observation } from '../core/observe.js';
import { deleteQuestion } from '../core/presence.js';
import type { Ended } from './identify.js';
import type { Page } from './page.js';

/** One reading of one record, taken into the page. */
export function observeOn(
  page: Page,
  entity: EntityId | undefined,
  side: SideName,
  observation: Observation,
  finish: (entity: EntityId) => void,
): void {
  // A record of somebody who was erased has no entity.
  const state = entity === undefined ? undefined : page.state(entity);
  if (entity === undefined || state === undefined) return;
  const wasHeld = state.presence.kind === 'delete_held';
  const known = unmerged(state, side);
  const seen = observe(entity, known, page.hub, side, observation);
  // Read again until nothing that was given up can be made there any more.
  if (seen.state.sides[side]?.late !== undefined) page.rereads.push({ side, key: observation.snapshot.key });
  if (seen.kind === 'unchanged') return;
  if (seen.kind === 'stale') {
    page.rereads.push({ side, key: observation.snapshot.key });
    // What was read too early takes back no merge.
    if (known === state) page.take(entity, { state: seen.state });
    return;
  }
  page.count('edited', seen.facts.filter(({ kind }) => kind === 'edited' || kind === 'stray').length);
  page.count('created', seen.facts.filter(({ kind }) => kind === 'linked').length);
  // What a held delete stands on has just changed: the question is put as it is now.
  const { presence } = seen.state;
  const questions =
    presence.kind === 'delete_held'
      ? [deleteQuestion(seen.state, page.hub, presence.side)]
      : questionsBack(state, seen.state);
  page.take(entity, { state: seen.state, facts: seen.facts, questions });
  if (wasHeld && seen.state.presence.kind === 'live')
    page.close({ entity, unit: null, kind: 'delete', state: 'closed', decidedBy: null, choice: null });
  finish(entity);
}

/** A record that its side does not show any more, taken into the page. */
export function goneOn(
  page: Page,
  entity: EntityId | undefined,
  {
    side,
    key,
    kind,
    readTick,
    ended,
  }: { side: SideName; key: RecordKey; kind: Disappearance; readTick: number; ended: Ended[] },
  finish: (entity: EntityId) => void,
): void {
  const state = entity === undefined ? undefined : page.state(entity);
  if (entity === undefined || state === undefined) return;
  const gone = observeAbsent(entity, state, page.hub, side, { kind, readTick });
  if (gone.kind === 'stale') page.rereads.push({ side, key });
  if (gone.kind !== 'changed') return;
  page.count(gone.facts[0]?.kind ?? 'deleted');
  if (gone.state.presence.kind === 'tombstone') ended.push({ entity, state });
  page.take(entity, { state: gone.state, facts: gone.facts, questions: gone.questions, closes: gone.closes });
  finish(entity);
}
