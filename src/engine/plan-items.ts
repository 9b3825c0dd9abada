import type { EntityId, SideName, UnitName } from '../core/ids.js';
import { canonicalJson, type Json } from '../core/json.js';
import { isBlank } from '../core/mapping/equality.js';
import { putValue } from '../core/mapping/mapping.js';
import { registerOf } from '../core/register.js';
import type { PairRules } from '../core/rules.js';
import type { Settled } from '../core/settle.js';
import { mayDiffer } from '../core/standing.js';
import type { EntityState } from '../core/state.js';
import type { PlanCounts, PlanItem } from './plan-rows.js';

/** The rows of a plan for one entity: what would be written, what would be asked. */
export function itemsOf(entity: EntityId, settled: Settled, rules: PairRules): PlanItem[] {
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
/** Most plans archive nothing, and say nothing about it. */
type SideTally = {
  create: number;
  update: number;
  blank: number;
  delete: number;
  archive?: number;
  unarchive?: number;
};

/** Sums what a plan would do, page by page. */
export class PlanCounter {
  readonly #rules: PairRules;
  readonly #sides: { [side: SideName]: SideTally };
  readonly #units: Tally;
  readonly #ask: Tally;
  readonly #oneSided: Tally;
  readonly #alike: Tally;
  readonly #override: Tally;
  #waiting: number;
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
    this.#waiting = before?.waiting ?? 0;
    this.#link = before?.link ?? 0;
    this.#likely = before?.likely ?? 0;
  }

  add(before: EntityState, settled: Settled): void {
    for (const write of settled.writes) {
      const side = this.#sides[write.side];
      if (side === undefined) continue;
      side[write.kind] = (side[write.kind] ?? 0) + 1;
      if (write.kind !== 'update') continue;
      if (write.changes.some(({ before: old, after }) => isBlank(after) && !isBlank(old))) side.blank += 1;
      for (const { unit } of write.changes) bump(this.#units, unit);
    }
    if (settled.state.waits.length > 0) this.#waiting += 1;
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
      ...(this.#waiting === 0 ? {} : { waiting: this.#waiting }),
    };
  }
}

function bump(tally: Tally, name: string): void {
  tally[name] = (tally[name] ?? 0) + 1;
}
