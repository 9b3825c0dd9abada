import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { apartName, matchValues, maySayStill, type MatchValue } from '../core/identity.js';
import type { Verdict } from '../core/identity/judge.js';
import { snapshotOf } from '../core/link.js';
import { recordQuestion, type Question } from '../core/question.js';
import { isKeyTaken } from '../core/made.js';
import type { Snapshot } from '../core/record.js';
import { emptyState } from '../core/register.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import { findAlike } from './find-alike.js';
import { textsOf, traitsOfSnapshot } from './match-texts.js';
import type { Page } from './page.js';
import type { PairTransaction } from './store.js';

/** A record without an entity, with what it says about who it is. */
type Stranger = { readonly snapshot: Snapshot; readonly values: readonly MatchValue[] };

/**
 * Finds or makes the entity of each record that has none (semantics §1.12). A certain rule with exactly one candidate
 * that has no record on this side links. A likely one waits for the plan that is being made (`asks` is false) or for a
 * person; more than one candidate, or one that already has a record here, is always a question, and so is what is only
 * alike without enough evidence. What waits is an entity of its own. What a person kept apart does not come up again. Three
 * statements a page, one more where records may have been erased, and three more when the file has rules of likeness.
 */
export async function identify(
  transaction: PairTransaction,
  page: Page,
  rules: PairRules,
  { side, snapshots, asks }: { side: SideName; snapshots: readonly Snapshot[]; asks: boolean },
): Promise<ReadonlyMap<string, EntityId>> {
  const all = snapshots.map((snapshot): Stranger => ({ snapshot, values: matchValues(rules, side, snapshot) }));
  const strangers = await withoutErased(transaction, page, side, all);
  const candidates = await loadCandidates(transaction, page, side, strangers);
  const unknown = strangers.filter(({ values }) => !values.some(({ value }) => candidates.has(value)));
  const verdicts = await findAlike(
    transaction,
    page,
    rules,
    side,
    unknown.map(({ snapshot }) => snapshot),
  );
  const apart = await keptApart(transaction, page, side, { strangers, candidates, verdicts });
  const placing: Placing = { page, side, candidates, verdicts, apart, taken: new Set(), asks };
  const found = new Map<string, EntityId>();
  for (const { snapshot, values } of strangers) {
    const entity = place(placing, snapshot, values);
    found.set(snapshot.key, entity);
    page.link(entity, side, snapshot.key);
    for (const { value } of values) page.found.byValue(entity, side, value);
    for (const { unit, text } of textsOf(traitsOfSnapshot(rules, side, snapshot)))
      page.found.byText(entity, side, unit, text);
  }
  return found;
}

/** Somebody who was erased does not come back because a system still shows them (SPEC I19). */
async function withoutErased(
  transaction: PairTransaction,
  page: Page,
  side: SideName,
  strangers: readonly Stranger[],
): Promise<readonly Stranger[]> {
  const identities = strangers.map(({ snapshot: { key }, values }) => ({
    key,
    // Others may have the same name; only what is certain to be one record's own is suppressed.
    values: values.filter(({ kind }) => kind === 'certain').map(({ value }) => value),
  }));
  const erased = await transaction.suppressed(side, identities);
  page.count('suppressed', erased.size);
  return erased.size === 0 ? strangers : strangers.filter(({ snapshot }) => !erased.has(snapshot.key));
}

/** Names of pairs of records that a person said are not one, among those that come up now. */
async function keptApart(
  transaction: PairTransaction,
  page: Page,
  side: SideName,
  {
    strangers,
    candidates,
    verdicts,
  }: {
    readonly strangers: readonly Stranger[];
    readonly candidates: ReadonlyMap<string, ReadonlySet<EntityId>>;
    readonly verdicts: ReadonlyMap<string, Verdict>;
  },
): Promise<ReadonlySet<string>> {
  const names = strangers.flatMap(({ snapshot, values }) => {
    const likely = values.filter(({ kind }) => kind === 'likely');
    const ids = [
      ...likely.flatMap(({ value }) => [...(candidates.get(value) ?? [])]),
      ...(verdicts.get(snapshot.key)?.entities ?? []),
    ];
    return ids.flatMap((id) => namesWith(page, { side, key: snapshot.key }, id));
  });
  return new Set(await transaction.keptApart(names));
}

/** The names that a record has together with each record of an entity. */
export function namesWith(page: Page, record: { side: SideName; key: RecordKey }, entity: EntityId): readonly string[] {
  return Object.entries(page.state(entity)?.sides ?? {}).map(([other, { key }]) =>
    apartName(record, { side: other as SideName, key }),
  );
}

/** Entities by match value, of other sides only. What a record said once and says no more does not find it. */
async function loadCandidates(
  transaction: PairTransaction,
  page: Page,
  side: SideName,
  strangers: readonly Stranger[],
): Promise<Map<string, Set<EntityId>>> {
  const wanted = new Map(strangers.flatMap(({ values }) => values.map((value) => [value.value, value])));
  const candidates = new Map<string, Set<EntityId>>();
  if (wanted.size === 0) return candidates;
  const rows = (await transaction.entitiesByMatch([...wanted.keys()])).filter((row) => row.side !== side);
  const ids = [...new Set(rows.map(({ entity }) => entity))].filter((id) => page.state(id) === undefined);
  if (ids.length > 0) page.load(await transaction.entitiesByIds(ids));
  for (const { entity, side: other, value } of rows) {
    const shadow = page.state(entity)?.sides[other];
    if (shadow === undefined) continue;
    const remembered = snapshotOf(page.hub, other, shadow);
    if (!maySayStill(page.hub.rules, other, remembered, wanted.get(value) as MatchValue)) continue;
    candidates.set(value, (candidates.get(value) ?? new Set<EntityId>()).add(entity));
  }
  return candidates;
}

type Placing = {
  readonly page: Page;
  readonly side: SideName;
  readonly candidates: ReadonlyMap<string, ReadonlySet<EntityId>>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly apart: ReadonlySet<string>;
  /** Entities that got a record of this side on this very page. */
  readonly taken: Set<EntityId>;
  readonly asks: boolean;
};

function place(placing: Placing, snapshot: Snapshot, values: readonly MatchValue[]): EntityId {
  const { page, candidates, taken } = placing;
  for (const { kind, value, rule } of values) {
    const live = [...(candidates.get(value) ?? [])].filter((id) => isLive(page, id) && !hadKey(placing, snapshot, id));
    const ids = kind === 'certain' ? live : live.filter((id) => !isApart(placing, snapshot, id));
    if (ids.length === 0) continue;
    const [only] = ids.filter((id) => !hasRecord(placing, id));
    const isOne = only !== undefined && ids.length === 1;
    if (isOne && kind === 'certain') {
      taken.add(only);
      page.linkedMore(1);
      return only;
    }
    const text = page.hub.rules.match[rule]?.text ?? kind;
    const entity = waiting(placing, snapshot, ids, { rule: text, isLikely: isOne });
    if (isOne) taken.add(only);
    return entity;
  }
  const verdict = placing.verdicts.get(snapshot.key) ?? null;
  const alike = (verdict?.entities ?? []).filter(
    (id) =>
      isLive(page, id) && !hasRecord(placing, id) && !isApart(placing, snapshot, id) && !hadKey(placing, snapshot, id),
  );
  const [only] = alike;
  if (verdict !== null && only !== undefined) {
    const entity = waiting(placing, snapshot, alike, { rule: verdict.rule, isLikely: verdict.kind === 'likely' });
    if (verdict.kind === 'likely') taken.add(only);
    return entity;
  }
  const entity = page.newEntity();
  page.take(entity, { state: emptyState });
  return entity;
}

function isApart({ page, side, apart }: Placing, { key }: Snapshot, id: EntityId): boolean {
  return apart.size > 0 && namesWith(page, { side, key }, id).some((name) => apart.has(name));
}

/** The record that had the key before is known to be another one: what the two have in common says nothing. */
function hadKey({ page, side }: Placing, { key }: Snapshot, id: EntityId): boolean {
  const shadow = page.state(id)?.sides[side];
  return shadow?.key === key && isKeyTaken(shadow);
}

function isLive(page: Page, id: EntityId): boolean {
  const kind = page.state(id)?.presence.kind;
  return kind === 'live' || kind === 'delete_held';
}

function hasRecord({ page, side, taken }: Placing, id: EntityId): boolean {
  const presence = page.state(id)?.sides[side]?.presence;
  return (
    taken.has(id) ||
    presence === 'present' ||
    presence === 'hidden' ||
    presence === 'outside' ||
    presence === 'archived'
  );
}

/** An entity of its own that waits for a plan or a person. Its candidates wait with it, so that nothing is created twice. */
function waiting(
  placing: Placing,
  snapshot: Snapshot,
  candidates: readonly EntityId[],
  { rule, isLikely }: { rule: string; isLikely: boolean },
): EntityId {
  const { page, side, asks } = placing;
  const entity = page.newEntity();
  const state: EntityState = { ...emptyState, hold: { kind: 'match', candidates, rule, isLikely, isCandidate: false } };
  page.take(entity, {
    state,
    questions: isLikely && !asks ? [] : [matchQuestion(state, side, snapshot.key, keysOn(placing, candidates))],
  });
  for (const id of candidates) {
    const other = page.state(id);
    if (other === undefined || hasRecord(placing, id)) continue;
    const askers = other.hold?.kind === 'match' && other.hold.isCandidate ? other.hold.candidates : [];
    if (other.hold !== null && askers.length === 0) continue;
    const hold = { kind: 'match', candidates: [...askers, entity], rule, isLikely, isCandidate: true } as const;
    page.take(id, { state: { ...other, hold } });
  }
  return entity;
}

/** Keys under which candidates have a record on the side where another one was found. */
function keysOn({ page, side }: Placing, candidates: readonly EntityId[]): readonly RecordKey[] {
  return candidates.flatMap((id) => {
    const shadow = page.state(id)?.sides[side];
    return shadow !== undefined && shadow.presence !== 'gone' && shadow.presence !== 'awaited' ? [shadow.key] : [];
  });
}

function splitSentence(side: SideName, beside: readonly RecordKey[]): string {
  if (beside.length === 0) return '';
  const known = beside.slice(0, 5).join(', ');
  return ` There is a record in ${side} for it already (${known}); this one may have been split off that one.`;
}

/** An entity that was asked about, as it was. */
export type Ended = { readonly entity: EntityId; readonly state: EntityState };

/**
 * Frees the records that waited only for these to be decided, once they are something else or gone. Returns them: the
 * caller settles them.
 */
export async function releaseCandidates(
  transaction: PairTransaction,
  page: Page,
  decided: readonly Ended[],
): Promise<readonly EntityId[]> {
  const ids = decided.flatMap(({ state: { hold } }) => (hold?.kind === 'match' ? hold.candidates : []));
  if (ids.length === 0) return [];
  page.load(await transaction.entitiesByIds(ids));
  const over = new Set(decided.map(({ entity }) => entity));
  const freed: EntityId[] = [];
  for (const id of new Set(ids)) {
    const state = page.state(id);
    if (state?.hold?.kind !== 'match' || !state.hold.isCandidate) continue;
    const askers = state.hold.candidates.filter((asker) => !over.has(asker));
    page.take(id, { state: { ...state, hold: askers.length === 0 ? null : { ...state.hold, candidates: askers } } });
    if (askers.length === 0) freed.push(id);
  }
  return freed;
}

/**
 * Asks whether a record that waits is the same as one of its candidates. `beside`: records that these have on the same side,
 * so that it is none of theirs before one of the two is gone: it may have been split off (semantics §1.11).
 */
export function matchQuestion(
  state: EntityState,
  side: SideName,
  key: RecordKey,
  beside: readonly RecordKey[] = [],
): Question {
  const { candidates, rule } = state.hold?.kind === 'match' ? state.hold : { candidates: [], rule: 'match' };
  const note =
    candidates.length === 1
      ? 'This record may be the same as one that is already known.'
      : `This record may be the same as any of ${candidates.length} that are already known.`;
  return recordQuestion('match', state, side, {
    note: note + splitSentence(side, beside),
    rule: `match: ${rule}`,
    shape: rule,
    key,
  });
}
