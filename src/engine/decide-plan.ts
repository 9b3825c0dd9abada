import type { Hub } from '../core/hub.js';
import type { EntityId, PairId, SideName, UnitName } from '../core/ids.js';
import { canonicalJson, type Json } from '../core/json.js';
import { absorb, clashingSides } from '../core/link.js';
import { isBlank } from '../core/mapping/equality.js';
import { putValue } from '../core/mapping/mapping.js';
import { unpack } from '../core/pack.js';
import { registerOf, withoutIntents } from '../core/register.js';
import type { PairRules } from '../core/rules.js';
import { settle, type Settled } from '../core/settle.js';
import { mayDiffer } from '../core/standing.js';
import type { EntityState } from '../core/state.js';
import type { EnginePorts } from './engine.js';
import { planOf } from './plan.js';
import { revisionOf } from './revision.js';
import type { PlanCounts, PlanItem } from './store.js';
import { pageSizeDefault } from './take-page.js';

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
  const { rules } = await revisionOf(ports, plan.pair, plan.revision);
  const pair = await ports.store.pair(plan.pair);
  const limit = ports.pageSize ?? pageSizeDefault;
  const entities = await ports.store.entities(plan.pair, { after: input.after, limit, standings: null });
  const open = await ports.store.openDeliveries(plan.pair);
  const sent = new Set(open.filter(({ state }) => state === 'sent').map(({ id }) => id));
  const hub: Hub = {
    rules,
    epoch: pair.epoch,
    tick: pair.tick + 1,
    nowMs: await ports.store.nowMs(),
    deliveries: Object.fromEntries(rules.sides.map(({ name }) => [name, 0])),
    sent,
  };
  const first = input.after === null;
  // Entities are numbered without gaps, so progress says which pages were counted by an attempt that was cut short.
  const isCounted = (plan.progress?.done ?? 0) > (input.after ?? Number.POSITIVE_INFINITY);
  const counter = new PlanCounter(rules, first ? null : plan.counts);
  const items: PlanItem[] = [];
  // What waits to be sent is listed too: approving the plan is what lets it pass the brakes.
  const states = new Map(
    entities.map(({ id, state }) => [id, withoutIntents(unpack(state), (delivery) => sent.has(delivery))]),
  );
  const candidates = await candidatesOf(ports, plan.pair, states);
  for (const [id, state] of states) {
    const likely = likelyLink(state, candidates, hub);
    if (likely === 'elsewhere') continue;
    const [entity, before] = likely === null ? [id, state] : [likely.to, likely.state];
    const settled = settle(entity, before, hub, 'write');
    counter.add(before, settled);
    if (likely !== null) {
      counter.addLikely();
      items.push(linkItem(likely.to, state, before, rules));
    }
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

function itemsOf(entity: EntityId, settled: Settled, rules: PairRules): PlanItem[] {
  const label = labelOf(settled.state, rules);
  const items: PlanItem[] = [];
  for (const write of settled.writes) {
    const base = { entity, side: write.side, key: write.key, label, shape: null };
    if (write.kind === 'update') {
      for (const { unit, before, after, rule } of write.changes)
        items.push({ ...base, kind: 'update', unit, before, after, rule });
    } else {
      const after: Json =
        write.kind === 'create' ? Object.fromEntries(write.changes.map((change) => [change.unit, change.after])) : null;
      items.push({ ...base, kind: write.kind, unit: null, before: null, after, rule: write.kind });
    }
  }
  for (const question of settled.questions) {
    const [side] = Object.keys(settled.state.sides) as SideName[];
    const values: Json = Object.fromEntries(Object.entries(question.sides).map(([name, { value }]) => [name, value]));
    const key = side === undefined ? question.label : (settled.state.sides[side]?.key ?? question.label);
    items.push({
      entity,
      kind: 'ask',
      side: null,
      key: key as PlanItem['key'],
      label: question.label,
      unit: question.unit,
      before: question.agreed,
      after: values,
      rule: question.rule,
      shape: question.shape,
    });
  }
  return items;
}

/** What people know a record by: the first unit of the file that has text. */
export function labelOf(state: EntityState, rules: PairRules): string {
  for (const unit of rules.units) {
    const { value } = registerOf(state, unit.name);
    if (typeof value === 'string' && !isBlank(value)) return value;
  }
  const [first] = Object.values(state.sides);
  return (first as { key: string } | undefined)?.key ?? '';
}

type Tally = { [name: string]: number };

class PlanCounter {
  readonly #rules: PairRules;
  readonly #sides: { [side: SideName]: { create: number; update: number; blank: number; delete: number } };
  readonly #units: Tally;
  readonly #ask: Tally;
  readonly #oneSided: Tally;
  readonly #alike: Tally;
  readonly #override: Tally;
  #link: number;
  #likely: number;

  constructor(rules: PairRules, before: PlanCounts | null) {
    this.#rules = rules;
    this.#sides = Object.fromEntries(
      rules.sides.map(({ name }) => [name, { create: 0, update: 0, blank: 0, delete: 0, ...before?.sides[name] }]),
    );
    this.#units = { ...before?.units };
    this.#ask = { ...before?.ask };
    this.#oneSided = { ...before?.oneSided };
    this.#alike = { ...before?.alike };
    this.#override = { ...before?.override };
    this.#link = before?.link ?? 0;
    this.#likely = before?.likely ?? 0;
  }

  add(before: EntityState, settled: Settled): void {
    for (const write of settled.writes) {
      const side = this.#sides[write.side];
      if (side === undefined) continue;
      side[write.kind] += 1;
      if (write.kind !== 'update') continue;
      if (write.changes.some(({ before: old, after }) => isBlank(after) && !isBlank(old))) side.blank += 1;
      for (const { unit } of write.changes) bump(this.#units, unit);
    }
    for (const { kind, unit } of settled.questions) bump(this.#ask, unit === null ? kind : `${kind} ${unit}`);
    for (const unit of this.#rules.units) {
      const register = registerOf(before, unit.name);
      if (register.status === 'asked') bump(this.#ask, `clash ${unit.name}`);
    }
    this.#addPresence(before, settled);
  }

  #addPresence(before: EntityState, settled: Settled): void {
    const present = this.#rules.sides.filter(({ name }) => before.sides[name]?.presence === 'present');
    const [only] = present;
    if (present.length === 1 && only !== undefined) bump(this.#oneSided, only.name);
    if (present.length < 2) return;
    if (settled.writes.length === 0 && settled.questions.length === 0) this.#link += 1;
    for (const unit of this.#rules.units) {
      if (mayDiffer(unit, settled.state)) bump(this.#override, unit.name);
      if (present.some(({ name }) => this.#isAlike(settled.state, unit.name, name))) bump(this.#alike, unit.name);
    }
  }

  /** Equal under `same:` although this side has another spelling of it. */
  #isAlike(state: EntityState, name: UnitName, side: SideName): boolean {
    const unit = this.#rules.units.find((candidate) => candidate.name === name);
    const raw = state.sides[side]?.raws[name];
    const register = registerOf(state, name);
    if (unit === undefined || raw === undefined || isBlank(raw) || register.status !== 'settled') return false;
    const kept = putValue(unit, side, register.value, raw);
    return (
      canonicalJson(kept) === canonicalJson(raw) &&
      canonicalJson(putValue(unit, side, register.value, undefined)) !== canonicalJson(raw)
    );
  }

  addLikely(): void {
    this.#likely += 1;
  }

  counts(): PlanCounts {
    return {
      sides: this.#sides,
      units: this.#units,
      link: this.#link,
      likely: this.#likely,
      ask: this.#ask,
      shapes: 0,
      oneSided: this.#oneSided,
      alike: this.#alike,
      override: this.#override,
      setAside: 0,
      movedOn: 0,
    };
  }
}

function bump(tally: Tally, name: string): void {
  tally[name] = (tally[name] ?? 0) + 1;
}
