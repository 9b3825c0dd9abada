import type { Dot } from './clock/version-vector.js';
import type { EntityId, RecordKey, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import { strayRule } from './guard.js';
import type { Effect, Fact } from './ledger/entry.js';
import { contextOf } from './register.js';
import type { Register } from './state.js';

/** What a reading of one record can say of a unit. */
export type FindingKind = 'linked' | 'edited' | 'stray';

/** The one reading that the facts are about. */
export type Found = {
  readonly entity: EntityId;
  readonly side: SideName;
  readonly key: RecordKey;
  /** Of the edits; null where nothing was edited. */
  readonly dot: Dot | null;
  /** The record was gone, hidden or outside before. */
  readonly returns: boolean;
  /** The side shows the record for the first time. */
  readonly isFirst: boolean;
  /** Invariants that the side's own record breaks now: its own business, and said in the entry. */
  readonly breaks: readonly string[];
  /** When the edits can have been made, in epoch milliseconds of the hub's clock. */
  readonly lo: number;
  readonly hi: number;
};

/** Gathers what one reading found, unit by unit, and states it as at most one fact of each kind (semantics §6). */
export class Findings {
  readonly #side: SideName;
  readonly #effects = new Map<FindingKind, Effect[]>();
  readonly #details = new Map<FindingKind, { [unit: UnitName]: Json }>();

  constructor(side: SideName) {
    this.#side = side;
  }

  add(
    kind: FindingKind,
    unit: UnitName,
    { before, after }: { readonly before: Register; readonly after: Register },
    detail: { [name: string]: Json },
  ): void {
    const effects = this.#effects.get(kind) ?? [];
    effects.push({
      unit,
      before: before.value,
      after: after.value,
      vvBefore: before.vv,
      vvAfter: after.vv,
      ctx: { [this.#side]: contextOf(after, this.#side) },
    });
    this.#effects.set(kind, effects);
    const details = this.#details.get(kind) ?? {};
    details[unit] = detail;
    this.#details.set(kind, details);
  }

  effects(): readonly Effect[] {
    return [...this.#effects.values()].flat();
  }

  facts(found: Found): Fact[] {
    const facts: Fact[] = [];
    const { key, returns, isFirst } = found;
    if (isFirst || returns || this.#effects.has('linked')) {
      const rule = returns ? 'the record is back' : 'first reading';
      facts.push(this.#fact('linked', rule, { key, units: this.#details.get('linked') ?? {} }, found));
    }
    for (const kind of ['edited', 'stray'] as const) {
      if (!this.#effects.has(kind)) continue;
      const units = this.#details.get(kind) ?? {};
      const rule = kind === 'edited' ? 'edit of a side' : strayRule(units);
      facts.push(this.#fact(kind, rule, { key, units }, found));
    }
    return facts;
  }

  #fact(kind: FindingKind, rule: string, detail: Fact['detail'], found: Found): Fact {
    const { entity, side, dot, breaks, lo, hi } = found;
    return {
      kind,
      entity,
      side,
      actor: { kind: 'side', side },
      rule,
      dot,
      effects: this.#effects.get(kind) ?? [],
      detail: kind === 'stray' || breaks.length === 0 ? detail : { ...detail, breaks },
      lo,
      hi,
    };
  }
}
