import type { EntityId, PairId, RecordKey, SideName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { getValue, readUnit } from '../core/mapping/mapping.js';
import { unpack } from '../core/pack.js';
import type { Snapshot } from '../core/record.js';
import { referenceParts, referenceText, type Parent } from '../core/reference.js';
import { registerOf } from '../core/register.js';
import type { PairRules, UnitRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import type { ParentPlace, ParentRows, ReferenceChanges, WaitRow } from './reference-store.js';

/** Reads records of another pair by what sides call them. */
export type ReadParents = (pair: PairId, places: readonly ParentPlace[]) => Promise<ParentRows>;

/**
 * What references of one page name, read in one go for each other pair. The core decides with rules that know it: they are
 * made here, once for each revision, and live as long as the page. Of what was not read nothing is known, so it waits.
 */
export class ParentLookup {
  readonly #read: ReadParents;
  /** By pair and reference; null for one that was looked for and is not there. */
  readonly #found = new Map<PairId, Map<string, Parent | null>>();
  /** The pairs' ticks when they were first asked. */
  readonly #ticks = new Map<PairId, number>();
  readonly #knowing = new Map<PairRules, PairRules>();

  constructor(read: ReadParents) {
    this.#read = read;
  }

  /** The same rules, which know what was read and what will be. */
  rules(rules: PairRules): PairRules {
    if (!hasReferences(rules)) return rules;
    const known = this.#knowing.get(rules);
    if (known !== undefined) return known;
    const knowing = { ...rules, units: rules.units.map((unit) => this.#knowingUnit(unit)) };
    this.#knowing.set(rules, knowing);
    this.#knowing.set(knowing, knowing);
    return knowing;
  }

  /** Reads what these states and snapshots name and was not read yet: a statement for each pair that is named. */
  async load(
    rules: PairRules,
    states: Iterable<EntityState>,
    read: { readonly side: SideName; readonly snapshots: readonly Snapshot[] } | null = null,
  ): Promise<void> {
    if (!hasReferences(rules)) return;
    const wanted = new Map<PairId, Set<string>>();
    const units = rules.units.filter(({ as }) => as === 'reference');
    for (const state of states) for (const unit of units) this.#want(wanted, unit, valuesIn(unit, state));
    if (read !== null)
      for (const { fields } of read.snapshots)
        for (const unit of units)
          this.#want(wanted, unit, [getValue(unit, read.side, readUnit(unit, read.side, fields) ?? null)]);
    for (const [pair, references] of wanted) await this.#readAll(pair, [...references]);
  }

  /** The tick of a pair when a reference to it was looked for; -1 when it was not. */
  #seen(pair: PairId, reference: string): number {
    return this.#found.get(pair)?.has(reference) === true ? (this.#ticks.get(pair) ?? -1) : -1;
  }

  /** The rows of what waits, each with how far the other pair was when it was looked for. */
  waits(
    rules: PairRules,
    entities: ReadonlySet<EntityId>,
    stateOf: (entity: EntityId) => EntityState | undefined,
  ): NonNullable<ReferenceChanges['waits']> {
    const rows = [...entities].flatMap((entity) =>
      (stateOf(entity)?.waits ?? []).flatMap(({ unit, side, on }): WaitRow[] => {
        const parent = rules.units.find(({ name }) => name === unit)?.reference?.pair;
        const parts = referenceParts(on);
        if (parent === undefined || parts === null) return [];
        const seen = this.#seen(parent, on);
        return [{ entity, unit, side, parent, parentSide: parts.side, parentKey: parts.key, seen }];
      }),
    );
    return { of: [...entities], rows };
  }

  #knowingUnit(unit: UnitRules): UnitRules {
    const { reference } = unit;
    if (reference === undefined) return unit;
    const find = (side: SideName, key: RecordKey): Parent | null =>
      this.#found.get(reference.pair)?.get(referenceText(side, key)) ?? null;
    return { ...unit, reference: { ...reference, parents: { find } } };
  }

  #want(wanted: Map<PairId, Set<string>>, { reference }: UnitRules, values: readonly Json[]): void {
    if (reference === undefined) return;
    const known = this.#found.get(reference.pair);
    const references = wanted.get(reference.pair) ?? new Set();
    for (const value of values)
      if (typeof value === 'string' && referenceParts(value) !== null && known?.has(value) !== true)
        references.add(value);
    if (references.size > 0) wanted.set(reference.pair, references);
  }

  async #readAll(pair: PairId, references: readonly string[]): Promise<void> {
    const places = references.flatMap((reference) => referenceParts(reference) ?? []);
    const { tick, rows } = await this.#read(pair, places);
    const found = this.#found.get(pair) ?? new Map<string, Parent | null>();
    for (const reference of references) found.set(reference, null);
    for (const { side, key, id, state } of rows) found.set(referenceText(side, key), parentOf(id, unpack(state)));
    this.#found.set(pair, found);
    this.#ticks.set(pair, Math.min(tick, this.#ticks.get(pair) ?? tick));
  }
}

function hasReferences({ units }: PairRules): boolean {
  return units.some(({ as }) => as === 'reference');
}

/** Every reference that deciding may look at: what sides hold, and what is agreed or stands beside it. */
function valuesIn(unit: UnitRules, state: EntityState): readonly Json[] {
  const { value, siblings, steps } = registerOf(state, unit.name);
  const held = Object.entries(state.sides).flatMap(([side, { raws }]) => {
    const raw = raws[unit.name];
    return raw === undefined || unit.paths[side as SideName] === undefined
      ? []
      : [getValue(unit, side as SideName, raw)];
  });
  const edits = [...siblings, ...steps].flatMap((edit) => [edit.value, edit.base]);
  return [value, ...edits, ...held];
}

function parentOf(id: Parent['id'], { sides, presence }: EntityState): Parent {
  const isThere = presence.kind === 'live' || presence.kind === 'delete_held';
  const present = Object.entries(sides).filter(([, shadow]) => isThere && shadow.presence === 'present');
  return { id, keys: Object.fromEntries(present.map(([side, { key }]) => [side, key])) };
}
