import type { Hub } from '../core/hub.js';
import type { EntityId, PairId, SideName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { absorb, clashingSides } from '../core/link.js';
import { unpack } from '../core/pack.js';
import { withoutIntents } from '../core/register.js';
import type { PairRules } from '../core/rules.js';
import { settle, type Settled } from '../core/settle.js';
import type { EntityState } from '../core/state.js';
import type { EnginePorts } from './engine.js';
import { namedParents, namedStep } from './named-parents.js';
import { ParentLookup } from './parent-lookup.js';
import { planOf } from './plan.js';
import { itemsOf, labelOf, PlanCounter } from './plan-items.js';
import { planningHub } from './planning-hub.js';
import { revisionOf } from './revision.js';
import type { PlanItem } from './plan-rows.js';
import { pageSizeDefault } from './take-page.js';
import { decideUndoPage } from './undo-plan.js';

/**
 * Decides one page of a plan and keeps only the outcome: settling is deterministic in state and rules, so applying
 * the plan later decides exactly the same for every entity that has not moved since.
 */
export async function decidePlanPage(
  ports: EnginePorts,
  input: { plan: number; after: EntityId | null },
): Promise<{ next: EntityId | null }> {
  const plan = await planOf(ports, input.plan);
  // A plan that was superseded meanwhile is not brought back by the workflow that is still making it.
  if (plan.state !== 'reading' && plan.state !== 'deciding') return { next: null };
  if (plan.undo !== null) return decideUndoPage(ports, { plan, scope: plan.undo, after: input.after });
  const parents = new ParentLookup((other, places) => ports.store.parents(other, places));
  const rules = parents.rules((await revisionOf(ports, plan.pair, plan.revision)).rules);
  const pair = await ports.store.pair(plan.pair);
  const limit = ports.pageSize ?? pageSizeDefault;
  const entities = await ports.store.entities(plan.pair, { after: input.after, limit, standings: null });
  const hub = await planningHub(ports, pair, rules);
  const first = input.after === null;
  // Entities are numbered without gaps, so progress says which pages were counted by an attempt that was cut short.
  const isCounted = (plan.progress?.done ?? 0) > (input.after ?? Number.POSITIVE_INFINITY);
  const counter = new PlanCounter(rules, first ? null : plan.counts);
  const items: PlanItem[] = [];
  // What waits to be sent is listed too: approving the plan is what lets it pass the brakes.
  const states = new Map(
    entities.map(({ id, state }) => [id, withoutIntents(unpack(state), (delivery) => hub.sent.has(delivery))]),
  );
  const candidates = await candidatesOf(ports, plan.pair, states);
  await parents.load(rules, [...states.values(), ...candidates.values()]);
  const decided = new Map<EntityId, { readonly before: EntityState; readonly settled: Settled }>();
  for (const [id, state] of states) {
    const likely = likelyLink(state, candidates, hub);
    if (likely === 'elsewhere') continue;
    const [entity, before] = likely === null ? [id, state] : [likely.to, likely.state];
    decided.set(entity, { before, settled: settle(entity, before, hub, 'write') });
    if (likely !== null) {
      counter.addLikely();
      items.push(linkItem(likely.to, state, before, rules));
    }
  }
  for (const [entity, { before, settled }] of await withoutNamed(ports, rules, decided)) {
    counter.add(before, settled);
    items.push(...itemsOf(entity, settled, rules));
  }
  await ports.store.savePlanItems(plan.id, items);
  if (!isCounted)
    await ports.store.updatePlan(plan.id, {
      state: 'deciding',
      counts: counter.counts(),
      progress: { done: entities.at(-1)?.id ?? 0, total: pair.nextEntity - 1, text: 'deciding' },
      // Whatever is committed from here on has moved since it was looked at.
      ...(first ? { tick: pair.tick } : {}),
    });
  return { next: entities.length < limit ? null : (entities.at(-1)?.id ?? null) };
}

type Decisions = ReadonlyMap<EntityId, { readonly before: EntityState; readonly settled: Settled }>;

/** The same, and of records that others name it is said that they are held: so they will be when the plan is applied. */
async function withoutNamed(ports: EnginePorts, rules: PairRules, decided: Decisions): Promise<Decisions> {
  const deletes = [...decided].flatMap(([entity, { settled }]) =>
    settled.writes.flatMap(({ kind, side, key }) => (kind === 'delete' ? [{ entity, side, key }] : [])),
  );
  const held = new Map(decided);
  for (const { entity, rows } of await namedParents(ports.store, rules, deletes)) {
    const decision = decided.get(entity);
    const step = namedStep(decision?.settled.state, rules, rows);
    if (decision === undefined || step === null) continue;
    held.set(entity, { ...decision, settled: { ...decision.settled, ...step, writes: [] } });
  }
  return held;
}

/** Entities that a likely rule would take a waiting one into; in one statement. */
async function candidatesOf(
  ports: EnginePorts,
  pair: PairId,
  states: ReadonlyMap<EntityId, EntityState>,
): Promise<ReadonlyMap<EntityId, EntityState>> {
  const ids = [...states.values()].flatMap(({ hold }) =>
    hold?.kind === 'match' && hold.isLikely ? hold.candidates : [],
  );
  if (ids.length === 0) return new Map();
  const stored = await ports.store.transact(pair, (transaction) => transaction.entitiesByIds(ids));
  return new Map(stored.map(({ id, state }) => [id, unpack(state)]));
}

/** What a likely link would make of two entities; `elsewhere` for the one that is listed with its counterpart. */
function likelyLink(
  state: EntityState,
  candidates: ReadonlyMap<EntityId, EntityState>,
  hub: Hub,
): { readonly to: EntityId; readonly state: EntityState } | 'elsewhere' | null {
  if (state.hold?.kind !== 'match' || !state.hold.isLikely) return null;
  if (state.hold.isCandidate) return 'elsewhere';
  const [to] = state.hold.candidates;
  const target = to === undefined ? undefined : candidates.get(to);
  if (to === undefined || target === undefined || clashingSides(target, state).length > 0) return null;
  return { to, state: absorb(to, target, state, hub).state };
}

function linkItem(entity: EntityId, waiting: EntityState, linked: EntityState, rules: PairRules): PlanItem {
  const rule = waiting.hold?.kind === 'match' ? waiting.hold.rule : 'match';
  const [side] = Object.keys(waiting.sides) as SideName[];
  const key = (side === undefined ? '' : (waiting.sides[side]?.key ?? '')) as PlanItem['key'];
  const after: Json = Object.fromEntries(Object.entries(linked.sides).map(([name, shadow]) => [name, shadow.key]));
  return {
    entity,
    kind: 'link',
    side: null,
    key,
    label: labelOf(linked, rules),
    unit: null,
    before: null,
    after,
    rule: `match: ${rule}`,
    shape: null,
  };
}
