import { vectorText } from '../../../src/core/clock/version-vector.js';
import type { EntityId, RecordKey } from '../../../src/core/ids.js';
import type { Json } from '../../../src/core/json.js';
import { emptyRegister } from '../../../src/core/register.js';
import type { EntityState, Register, Sibling } from '../../../src/core/state.js';
import type { Changes, WrittenEntry } from '../../../src/engine/store.js';
import type { UnitOptions, WorldOptions } from '../options.js';
import type { Sighting } from '../sighting.js';
import type { Tables } from '../store/tables.js';
import type { SimSystem } from '../system.js';
import { canonical, type EditLog, type Edits, isWithin, namesOf, rawOf } from '../truth.js';
import { grew, Histories, type Known, nobody } from './history.js';
import { heldVersion, inDoubt, isInDoubt, isKnownGone, isUntold, keyNow, unproven } from './moves.js';
import { overruledDots } from './overruled.js';
import { stateIn } from './state-in.js';
import { checkedSum, isSum, type SumState } from './sums.js';
import type { Violation } from './violation.js';

/** What was written down somewhere: by the ledger, for those whose value did not stand. */
export type OracleState = {
  readonly histories: Histories;
  readonly kept: Edits;
  /** Edits that the hub was shown. A first blank says nothing, so nobody misses it. */
  readonly shown: Edits;
  readonly edits: EditLog;
  /** Entities of which a person said what becomes of the record. */
  readonly decided: ReadonlySet<EntityId>;
  readonly sums: SumState;
  /** Edits that left a register for a write of ours that was carried out after it was given up (SPEC, Deliveries). */
  readonly outrun: number;
  /** Edits replaced in a record that was made anew before its delete was listed, by who had not had them (SPEC, Gaps). */
  readonly unlisted: number;
  /** Questions about, and blanks of, a record that took the place of another one, which nobody had told the hub (SPEC, Merges). */
  readonly untold: number;
};

/**
 * Watches every commit of the hub beside what really happened, and says which promise it breaks. It knows true
 * histories only: the hub's vectors are what it checks, never what it reckons with.
 */
export class Oracle {
  readonly options: WorldOptions;
  readonly violations: Violation[] = [];
  state: OracleState = {
    histories: new Histories(),
    kept: 0n,
    shown: 0n,
    edits: [],
    decided: new Set(),
    sums: new Map(),
    outrun: 0,
    unlisted: 0,
    untold: 0,
  };
  #sides: ReadonlyMap<string, SimSystem> = new Map();

  constructor(options: WorldOptions) {
    this.options = options;
  }

  watch(sides: ReadonlyMap<string, SimSystem>): void {
    this.#sides = sides;
  }

  report(invariant: string, what: string): void {
    this.violations.push({ invariant, what });
  }

  keep(edits: Edits): void {
    this.state = { ...this.state, kept: this.state.kept | edits };
  }

  countUntold(): void {
    this.state = { ...this.state, untold: this.state.untold + 1 };
  }

  names(edits: Edits): string {
    return namesOf(this.state.edits, edits);
  }

  /** A transaction was committed by somebody who had these sightings. */
  committed(sightings: readonly Sighting[], before: Tables, after: Tables, changes: readonly Changes[]): void {
    const entries = changes.flatMap(({ entries: list }) =>
      list === undefined ? [] : typeof list === 'function' ? list().entries : list,
    );
    const changed = new Set(changes.flatMap(({ entities = [] }) => entities.map(({ id }) => id)));
    const epoch = after.pair?.epoch ?? 1;
    const steps = [...changed].map((id) => ({ id, was: stateIn(before, id), is: stateIn(after, id) }));
    for (const step of steps) this.#observed(step, sightings, { epoch, before });
    for (const entry of entries) this.#recorded(entry, after);
    for (const step of steps) this.#checked(step, entries, after);
    for (const step of steps) this.#summed(step);
    for (const [side, cursor] of Object.entries(after.pair?.cursors ?? {})) {
      const system = this.#sides.get(side);
      const isNew = cursor.complete?.tick !== before.pair?.cursors[side as never]?.complete?.tick;
      if (system !== undefined && cursor.complete !== null && isNew)
        system.confirm(cursor.complete.tick, (key) => isKnownGone(system, key, after));
    }
    for (const { id, is } of steps) this.#wanted(id, is, before, after);
    this.#sent(changes, after);
  }

  /** Allots true histories to the dots that the hub allotted, and remembers what it was shown. */
  #observed(
    { id, was, is }: Step,
    sightings: readonly Sighting[],
    { epoch, before }: { readonly epoch: number; readonly before: Tables },
  ): void {
    const { histories } = this.state;
    for (const [side, shadow] of Object.entries(is.sides)) {
      for (const unit of this.options.units) {
        const raw: Json | undefined = shadow.raws[unit.name as never];
        if (raw === undefined) continue;
        const seen = sightings.findLast((one) => one.side === side && one.key === shadow.key && isSeen(unit, one, raw));
        const register = seen?.registers[unit.name];
        const oldKey = was.sides[side as never]?.key ?? shadow.key;
        // A record that was merged into another goes on under its key, and is compared with what it held itself.
        const old = histories.shadow(side, oldKey, unit.name) ?? histories.shadow(side, shadow.key, unit.name);
        const known: Known = register ?? old ?? nobody;
        if (register !== undefined) {
          // Away and back between two readings: for the hub nobody did anything.
          const isSame = old !== undefined && canonical(unit, JSON.parse(old.raw) as Json) === canonical(unit, raw);
          const system = oldKey === shadow.key ? undefined : this.#sides.get(side);
          const isVersion = system !== undefined && heldVersion(system, oldKey, unit, raw);
          const shown = isSame ? { ...register, authors: isVersion ? 0n : old.authors } : register;
          histories.remember({ side, key: shadow.key }, unit.name, shown, JSON.stringify(raw));
        }
        const isFirstBlank =
          canonical(unit, raw) === '' &&
          (old === undefined ||
            // Of a record that was made anew the hub knew nothing yet.
            was.sides[side as never]?.raws[unit.name as never] === undefined ||
            (canonical(unit, JSON.parse(old.raw) as Json) === '' && this.#isUnheard(old.authors)));
        const said = isFirstBlank ? 0n : (register?.authors ?? 0n);
        this.state = { ...this.state, shown: this.state.shown | said };
        const actor = `${side}#${epoch}`;
        const counter = registerIn(is, unit).delivered[side as never]?.[actor] ?? 0;
        if (counter <= (registerIn(was, unit).delivered[side as never]?.[actor] ?? 0)) continue;
        const isStranger = was.sides[side as never] === undefined && this.#isUntold(side, shadow.key, before);
        const isDoubtful = register !== undefined && isInDoubt(register, was.sides[side as never], before);
        const proven = isDoubtful ? inDoubt(this.#sides.get(side), shadow.key, unit, register) : known;
        if (!histories.allot(id, unit.name, [actor, counter], isStranger ? { ...proven, isStranger } : proven))
          this.report('I11', `dot ${actor}:${counter} of unit ${unit.name} of entity ${id} was allotted twice`);
        if (register === undefined && old === undefined)
          this.report('I2', `an edit of ${side}/${shadow.key}/${unit.name} was taken that nobody was shown`);
      }
    }
    for (const unit of this.options.units) this.#ofHub(id, unit, registerIn(was, unit), registerIn(is, unit));
  }

  /** A blank that said nothing when it was read first says nothing when it is read again. */
  #isUnheard(authors: Edits): boolean {
    return (authors & this.state.shown) === 0n;
  }

  /** A decision in the hub had seen all that was in the register. */
  #ofHub(id: EntityId, unit: UnitOptions, was: Register, is: Register): void {
    const { histories } = this.state;
    for (const { side, dot } of is.siblings) {
      if (side !== null || histories.dot(id, unit.name, dot) !== undefined) continue;
      histories.allot(id, unit.name, dot, { ...histories.of(id, unit.name, was), authors: 0n });
    }
  }

  /** What the ledger keeps of values that do not stand. */
  #recorded({ entry, payload }: WrittenEntry, after: Tables): void {
    if (entry.entity === null) return;
    const { histories } = this.state;
    const { detail } = JSON.parse(payload.text) as { readonly detail: { readonly [name: string]: Json } };
    const siblings = (detail['siblings'] ?? []) as readonly { readonly dot?: string }[];
    // What is proposed is named by its side: its dots are those of the stray edits, which are kept already.
    for (const unit of entry.units)
      for (const { dot } of siblings)
        if (dot !== undefined) this.keep(histories.dot(entry.entity, unit, parseDot(dot))?.history ?? 0n);
    for (const unit of entry.units)
      for (const dot of overruledDots([{ entry, payload }], entry.entity, unit))
        this.keep(histories.dot(entry.entity, unit, parseDot(dot))?.history ?? 0n);
    if (entry.kind === 'stray') this.#strayed(entry, detail, after);
    if (entry.kind === 'decided')
      this.state = { ...this.state, decided: new Set(this.state.decided).add(entry.entity) };
  }

  #strayed(entry: WrittenEntry['entry'], detail: { readonly [name: string]: Json }, after: Tables): void {
    const { histories } = this.state;
    const entity = entry.entity as EntityId;
    const side = entry.side as string;
    for (const unit of Object.keys((detail['units'] ?? {}) as object)) {
      const key = stateIn(after, entity).sides[side as never]?.key ?? '';
      const known =
        entry.dot === null ? histories.shadow(side, key, unit) : histories.dot(entity, unit, parseDot(entry.dot));
      this.keep((known?.history ?? 0n) | (known?.authors ?? 0n));
    }
  }

  /** What the step did to registers (I2, I3, I4, I11, I12, I20). */
  #checked({ id, was, is }: Step, entries: readonly WrittenEntry[], after: Tables): void {
    for (const [actor, counter] of Object.entries(was.counters))
      if ((is.counters[actor] ?? 0) < counter) this.report('I11', `the counter of ${actor} of entity ${id} fell`);
    for (const unit of this.options.units) {
      const [old, now] = [registerIn(was, unit), registerIn(is, unit)];
      if (old === now) continue;
      const place = `unit ${unit.name} of entity ${id}`;
      const other = this.state.histories.note(id, unit.name, now);
      if (other !== null)
        this.report('I20', `${place} has the values ${other} and ${JSON.stringify(now.value)} under one vector`);
      if (!grew(old.vv, now.vv)) this.report('I11', `the vector of ${place} fell`);
      for (const [side, vv] of Object.entries(old.delivered))
        if (!grew(vv, now.delivered[side as never] ?? {}))
          this.report('I11', `the context of ${side} in ${place} fell`);
      if (isSum(unit)) continue;
      this.#dropped(id, unit, old, now, entries);
      this.#accounted(id, unit, old, now, entries);
      this.#authorised(unit, old, now, place);
      // Filling a blank is a decision of the hub, as is to blank a reference or to
      // answer about a record as a whole, and who edited meanwhile had not seen it.
      const isAnswer = this.options.isBounded === true && now.siblings.some(({ side }) => side === null);
      const mayDecide = unit.blank === 'fill' || unit.reference?.parentDeleted === 'nullify' || isAnswer;
      if (this.options.faults.length === 0 && !mayDecide) this.#needless({ id, is }, unit, entries, after);
    }
  }

  #isUntold(side: string, key: RecordKey | undefined, tables: Tables): boolean {
    const system = this.#sides.get(side);
    return system !== undefined && key !== undefined && isUntold(system, key, tables);
  }

  /** What people added on each side, as far as the hub has seen it, is in the total once (I2). */
  #summed({ id, is }: Step): void {
    for (const unit of this.options.units.filter(isSum)) {
      const added = Object.fromEntries(
        Object.entries(is.sides).map(([side, { key }]) => [
          side,
          this.state.histories.shadow(side, key, unit.name)?.added ?? 0,
        ]),
      );
      const { state: sums, wrong } = checkedSum(this.state.sums, { id, unit, is }, registerIn(is, unit), added);
      this.state = { ...this.state, sums };
      if (wrong !== null) this.report('I2', wrong);
    }
  }

  /** An edit leaves the register only for one that really had it (I3), or for a master's whose entry names it (I2). */
  #dropped(id: EntityId, unit: UnitOptions, old: Register, now: Register, entries: readonly WrittenEntry[]): void {
    const { histories } = this.state;
    const named = unit.authority.kind === 'when' ? overruledDots(entries, id, unit.name) : new Set<string>();
    const isNew = ({ dot }: Sibling): boolean => old.siblings.every((other) => other.dot.join() !== dot.join());
    const isOutrun = now.siblings.some((one) => isNew(one) && histories.dot(id, unit.name, one.dot)?.isLate === true);
    const stay = now.siblings.map(({ dot }) => histories.dot(id, unit.name, dot)?.history ?? 0n);
    const taken = now.siblings.map(({ dot }) => histories.dot(id, unit.name, dot)?.missed ?? 0n);
    for (const { dot } of old.siblings) {
      if (now.siblings.some((other) => other.dot.join() === dot.join())) continue;
      if (named.has(dot.join(':'))) continue;
      const left = histories.dot(id, unit.name, dot)?.history ?? 0n;
      if (stay.some((history) => isWithin(left, history))) continue;
      if (isOutrun) {
        this.state = { ...this.state, outrun: this.state.outrun + 1 };
        continue;
      }
      if (stay.some((history, index) => isWithin(left, history | (taken[index] ?? 0n)))) {
        this.state = { ...this.state, unlisted: this.state.unlisted + 1 };
        continue;
      }
      const missed = left & ~stay.reduce((all, one) => all | one, 0n);
      this.report('I3', `${this.names(missed === 0n ? left : missed)} was replaced by somebody who never had it`);
    }
  }

  /** Every edit that was taken stands, or the ledger says what became of it (I2). */
  #accounted(id: EntityId, unit: UnitOptions, old: Register, now: Register, entries: readonly WrittenEntry[]): void {
    for (const side of Object.keys(now.delivered)) {
      const [dot] = Object.entries(now.delivered[side as never] ?? {})
        .filter(([actor]) => actor.startsWith(`${side}#`))
        .slice(-1);
      if (dot === undefined || (old.delivered[side as never]?.[dot[0]] ?? 0) >= dot[1]) continue;
      if (now.siblings.some((sibling) => sibling.dot[0] === dot[0] && sibling.dot[1] === dot[1])) continue;
      const isStray = entries.some(
        ({ entry }) =>
          entry.entity === id &&
          entry.kind === 'stray' &&
          entry.side === side &&
          entry.units.includes(unit.name as never),
      );
      if (!isStray)
        this.report('I2', `an edit of ${side} in unit ${unit.name} of entity ${id} was taken and is nowhere`);
    }
  }

  #authorised({ authority, name }: UnitOptions, old: Register, now: Register, place: string): void {
    if (authority.kind !== 'master' || now.winner === null || JSON.stringify(old.value) === JSON.stringify(now.value))
      return;
    const [actor] = now.winner;
    if (!actor.startsWith(`${authority.side}#`) && !actor.startsWith('hub#'))
      this.report('I12', `${actor} changed ${place}, which only ${authority.side} may (${name})`);
  }

  /** Where nothing fails, a question is asked of people who really had not seen each other (I4). */
  #needless({ id, is }: Omit<Step, 'was'>, unit: UnitOptions, entries: readonly WrittenEntry[], after: Tables): void {
    const isAsked = entries.some(
      ({ entry }) =>
        entry.entity === id &&
        (entry.kind === 'asked' || entry.kind === 'resolved') &&
        entry.units.includes(unit.name as never),
    );
    if (!isAsked) return;
    const { siblings } = registerIn(is, unit);
    const known = siblings.map(({ dot }) => this.state.histories.dot(id, unit.name, dot)?.proven ?? 0n);
    const isStranger = ({ side, dot }: Sibling): boolean =>
      this.state.histories.dot(id, unit.name, dot)?.isStranger === true ||
      (side !== null && this.#isUntold(side, is.sides[side]?.key, after));
    known.forEach((a, index) => {
      for (const b of known.slice(index + 1)) {
        if (a === b || !(isWithin(a, b) || isWithin(b, a))) continue;
        if (siblings.some(isStranger)) this.countUntold();
        else this.report('I4', `${this.names(a)} and ${this.names(b)} are no conflict: one had seen the other`);
      }
    });
  }

  /** No-op deliveries: a side that holds an equal value while one is pending has received the version. */
  #wanted(id: EntityId, is: EntityState, tables: Tables, after: Tables): void {
    const was = stateIn(tables, id);
    for (const unit of this.options.units) {
      const register = registerIn(is, unit);
      for (const [side, noop] of Object.entries(register.noop)) {
        if (registerIn(was, unit).noop[side as never]?.tick === noop.tick) continue;
        const shadow = is.sides[side as never];
        const raw = shadow?.raws[unit.name as never];
        if (shadow === undefined || raw === undefined) continue;
        const { history } = this.state.histories.of(id, unit.name, register);
        const want = { value: canonical(unit, raw), history, why: 'noop', tick: noop.tick } as const;
        const system = this.#sides.get(side);
        const before = registerIn(was, unit).noop[side as never];
        if (before !== undefined && vectorText(before.vv) === vectorText(noop.vv)) unproven(system, shadow.key, unit);
        // Where it went, and where it may be made anew before the hub hears of that.
        for (const key of system === undefined ? [] : new Set([shadow.key, keyNow(system, id, shadow.key, after)]))
          system?.want(key, unit, want);
      }
    }
  }

  /** A write that was sent counts as received by a side that holds an equal value, whoever typed it. */
  #sent(changes: readonly Changes[], after: Tables): void {
    for (const { id, state } of changes.flatMap(({ deliveryStates = [] }) => deliveryStates)) {
      const delivery = after.deliveries.get(id);
      if (state !== 'sent' || delivery === undefined) continue;
      for (const item of delivery.items) {
        const carried = this.carried(item.entity, item.version);
        for (const unit of this.options.units) {
          const version = carried[unit.name];
          const value = canonical(unit, rawOf(unit, item.fields));
          if (version !== undefined)
            this.#sides
              .get(delivery.side)
              ?.want(item.key, unit, { value, history: version.history, why: 'sent', tick: delivery.tick });
        }
      }
    }
  }

  /** What the versions that a write names contain in truth. */
  carried(entity: EntityId, version: string): { readonly [unit: string]: Known } {
    const parts = version
      .split('; ')
      .slice(1)
      .filter((part) => part.includes(' '));
    return Object.fromEntries(
      parts.map((part) => {
        const at = part.indexOf(' ');
        const unit = part.slice(0, at);
        return [unit, this.state.histories.version(entity, unit, part.slice(at + 1)) ?? nobody];
      }),
    );
  }
}

type Step = { readonly id: EntityId; readonly was: EntityState; readonly is: EntityState };

export function registerIn(state: EntityState, { name }: UnitOptions): Register {
  return state.units[name as never] ?? emptyRegister;
}

function parseDot(text: string): readonly [string, number] {
  const at = text.lastIndexOf(':');
  return [text.slice(0, at), Number(text.slice(at + 1))];
}

function isSeen(unit: UnitOptions, sighting: Sighting, raw: Json): boolean {
  return JSON.stringify(rawOf(unit, sighting.fields)) === JSON.stringify(raw);
}
