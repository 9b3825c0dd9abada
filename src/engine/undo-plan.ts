import { askedAgain } from '../core/asked-again.js';
import { ParleyError } from '../core/errors.js';
import type { Hub } from '../core/hub.js';
import type { EntityId, PairId, SideName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { unpack } from '../core/pack.js';
import { withoutIntents } from '../core/register.js';
import type { PairRules } from '../core/rules.js';
import { settle } from '../core/settle.js';
import type { EntityState } from '../core/state.js';
import { undo, unitChanges, type Changes, type Undone } from '../core/undo.js';
import type { UndoScope } from '../core/undo-scope.js';
import { itemsOf, labelOf, PlanCounter } from './plan-items.js';
import type { EnginePorts } from './engine.js';
import { entityHistory } from './entity-history.js';
import type { StoredEntry } from './ledger-store.js';
import { Page } from './page.js';
import { planningHub } from './planning-hub.js';
import { revisionOf } from './revision.js';
import { controlPage } from './control-page.js';
import { pairFact } from './pair-fact.js';
import type { StoredEntity } from './store.js';
import type { PlanItem, PlanRow } from './plan-rows.js';
import { pageSizeDefault, settleMode, settleOn } from './take-page.js';

type UndoPage = { readonly plan: PlanRow; readonly scope: UndoScope; readonly after: EntityId | null };
type EntityChanges = { readonly entity: EntityId; readonly changes: Changes };
type Loaded = { readonly all: readonly EntityChanges[]; readonly next: EntityId | null };

/** What a page of an undo would write and ask, kept as the plan's rows; nothing is decided. */
export async function decideUndoPage(
  ports: EnginePorts,
  { plan, scope, after }: UndoPage,
): Promise<{ next: EntityId | null }> {
  const { rules } = await revisionOf(ports, plan.pair, plan.revision);
  const pair = await ports.store.pair(plan.pair);
  const { all, next } = await changesOf(ports, plan.pair, scope, after);
  const stored = await ports.store.transact(plan.pair, (transaction) =>
    transaction.entitiesByIds(all.map(({ entity }) => entity)),
  );
  const hub = await planningHub(ports, pair, rules);
  const counter = new PlanCounter(rules, after === null ? null : plan.counts);
  const items: PlanItem[] = [];
  for (const { id, before, changes } of withStates(all, stored, hub.sent)) {
    const undone = await undoOn(ports, { entity: id, state: before, hub }, changes, scope, plan.createdBy);
    const settled = settle(id, undone.state, hub, 'write');
    const judged = { ...settled, questions: [...undone.questions, ...settled.questions] };
    counter.add(before, judged);
    items.push(...itemsOf(id, judged, rules).map((item) => withLoss(item, undone)), ...leftItems(id, undone, rules));
  }
  await ports.store.savePlanItems(plan.id, items);
  await ports.store.updatePlan(plan.id, {
    state: 'deciding',
    counts: counter.counts(),
    ...(after === null ? { tick: pair.tick } : {}),
  });
  return { next };
}

/**
 * The approval of an undo. It lets pass what the undo lists and nothing else: a brake that stopped other writes stays, and so
 * does what waits to be sent.
 * @throws ParleyError `plan.superseded` when other rules decide by now
 */
export async function approveUndo(
  ports: EnginePorts,
  { plan, rules, by }: { plan: PlanRow; rules: PairRules; by: string },
): Promise<void> {
  await ports.store.transact(plan.pair, async (transaction) => {
    if (transaction.pair.revision !== plan.revision) {
      throw new ParleyError(
        'plan.superseded',
        `Other rules decide for pair "${plan.pair}" since plan ${plan.id} was made. Nothing was changed.`,
        { hint: 'Ask for the undo anew.' },
      );
    }
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'apply' });
    const detail = { plan: plan.id, undo: plan.undo?.what ?? null, note: plan.undo?.note ?? null };
    page.addFact(pairFact('undo approved', { kind: 'person', name: by }, detail));
    await page.commit();
  });
  await ports.store.updatePlan(plan.id, { state: 'applying', approvedBy: by });
  await ports.runner.ensure(plan.pair);
  await ports.runner.poke(plan.pair);
}

/** Takes back one page of an approved undo. What moved since the plan was made is left out and counted. */
export async function applyUndoPage(
  ports: EnginePorts,
  { plan, scope, run, after }: UndoPage & { readonly run: number },
): Promise<{ next: EntityId | null }> {
  const { rules } = await revisionOf(ports, plan.pair, plan.revision);
  const { all, next } = await changesOf(ports, plan.pair, scope, after);
  let moved = 0;
  await ports.store.transact(plan.pair, async (transaction) => {
    const page = new Page(transaction, {
      rules,
      source: 'plan',
      run: { id: run, kind: 'apply' },
      plan: plan.id,
      hasher: ports.hasher,
      evaluate: ports.evaluate,
    });
    const stored = await transaction.entitiesByIds(all.map(({ entity }) => entity));
    const still = stored.filter(({ tick }) => tick <= (plan.tick ?? 0));
    moved = stored.length - still.length;
    page.load(still);
    await page.loadParents();
    for (const { id, before, changes } of withStates(all, still, transaction.sent)) {
      const subject = { entity: id, state: before, hub: page.hub };
      const stood = page.state(id) ?? before;
      const undone = await undoOn(ports, subject, changes, scope, plan.approvedBy ?? plan.createdBy);
      if (undone.facts.length === 0 && undone.questions.length === 0) continue;
      const again = askedAgain(stood, undone.state);
      page.take(id, { ...undone, questions: [...again, ...undone.questions] });
      // Writes are held as the pair is; a brake lets pass what a plan lists.
      settleOn(page, id, rules, settleMode({ ...transaction.pair, halt: null }));
    }
    await page.commit();
  });
  if (plan.counts !== null)
    await ports.store.updatePlan(plan.id, {
      counts: { ...plan.counts, movedOn: (after === null ? 0 : plan.counts.movedOn) + moved },
    });
  return { next };
}

function* withStates(
  all: readonly EntityChanges[],
  stored: readonly StoredEntity[],
  sent: ReadonlySet<number>,
): Generator<{ id: EntityId; before: EntityState; changes: Changes }> {
  const changes = new Map(all.map((one) => [one.entity, one.changes]));
  for (const { id, state } of stored) {
    const before = withoutIntents(unpack(state), (delivery) => sent.has(delivery));
    yield { id, before, changes: changes.get(id) as Changes };
  }
}

type Subject = { readonly entity: EntityId; readonly state: EntityState; readonly hub: Hub };

/** A record whose key stands for another one by now is not made again. */
async function undoOn(
  ports: EnginePorts,
  subject: Subject,
  changes: Changes,
  { what, note }: UndoScope,
  by: string,
): Promise<Undone> {
  const { entity, state, hub } = subject;
  const undone = undo(subject, changes, what, { name: by, note });
  if (undone.lost === null) return undone;
  for (const [side, { key }] of Object.entries(state.sides)) {
    const holder = await ports.readModel.entityByKey(hub.rules.pair, side as SideName, key);
    if (holder === null || holder.id === entity) continue;
    const why = `${side}:${key} stands for another record by now`;
    return { state, facts: [], questions: [], left: [{ unit: null, why }], lost: null };
  }
  return undone;
}

async function changesOf(ports: EnginePorts, pair: PairId, { of }: UndoScope, after: EntityId | null): Promise<Loaded> {
  if (of.kind === 'entity') {
    const { entity, from, to } = of;
    const history = await entityHistory(ports.readModel, pair, entity);
    const entries = history.filter(
      ({ entry }) => entry.kind !== 'kept' && entry.seq >= from && (to === null || entry.seq <= to),
    );
    return {
      all: [{ entity, changes: joined(entries, await createdSince(ports, pair, entity, entries)) }],
      next: null,
    };
  }
  const limit = ports.pageSize ?? pageSizeDefault;
  const entries = await ports.store.runEntries(pair, of.run, { after, limit });
  const made = await ports.store.runCreates(pair, of.run);
  const ids = [...new Set(entries.map(({ entry }) => entry.entity as EntityId))];
  const all = ids.map((entity) => ({
    entity,
    changes: joined(
      entries.filter(({ entry }) => entry.entity === entity),
      made.filter((one) => one.entity === entity).map(({ side }) => side),
    ),
  }));
  return { all, next: ids.length < limit ? null : (ids.at(-1) ?? null) };
}

/** Sides on which a decision made the record: its delivery was planned in the same moment. */
async function createdSince(
  ports: EnginePorts,
  pair: PairId,
  entity: EntityId,
  entries: readonly StoredEntry[],
): Promise<readonly SideName[]> {
  const moments = new Set(entries.map(({ entry }) => entry.atMs));
  const deliveries = await ports.readModel.entityDeliveries(pair, entity, 1_000);
  return deliveries
    .filter(({ kind, createdAtMs, doneAtMs }) => kind === 'create' && doneAtMs !== null && moments.has(createdAtMs))
    .map(({ side }) => side);
}

function joined(entries: readonly StoredEntry[], created: readonly SideName[]): Changes {
  const known = entries.flatMap(({ entry, payload }) => (payload === null ? [] : [{ entry, payload }]));
  const says = (choice: string) => known.some(({ payload }) => payload.detail['choice'] === choice);
  return {
    units: unitChanges(
      known.flatMap(({ entry, payload }) => payload.effects.map((effect) => ({ seq: entry.seq, effect }))),
    ),
    deleted:
      says('delete') ||
      known.some(({ entry, payload }) => entry.kind === 'deleted' && isRemoval(payload.detail['outcome'])),
    created,
    linked: known.some(({ payload }) => payload.detail['link'] !== undefined),
  };
}

function isRemoval(outcome: Json | undefined): boolean {
  return outcome === 'delete' || outcome === 'archive';
}

function withLoss(item: PlanItem, { lost }: Undone): PlanItem {
  return item.kind === 'create' && lost !== null ? { ...item, rule: lost } : item;
}

/** What stays as it is, each with why. */
function leftItems(entity: EntityId, { left, state }: Undone, rules: PairRules): readonly PlanItem[] {
  const [first] = Object.values(state.sides);
  return left.map(({ unit, why }) => ({
    entity,
    kind: 'left',
    side: null,
    key: (first?.key ?? '') as PlanItem['key'],
    label: labelOf(state, rules),
    unit,
    before: null,
    after: null,
    rule: why,
    shape: null,
  }));
}
