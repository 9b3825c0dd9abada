import { type Json, sameJson } from '../../../src/core/json.js';
import { limitDefaults } from '../../../src/core/rules.js';
import type { Carried, Effect, Row } from '../system.js';
import { canonical, type Edits, isWithin, rawOf, untouched } from '../truth.js';
import type { WorldOptions } from '../options.js';
import type { Oracle } from './oracle.js';
import { isSum } from './sums.js';

type Delete = {
  readonly side: string;
  readonly key: string;
  readonly at: number;
  readonly seen: { readonly [unit: string]: Edits };
};

export type EffectState = {
  /** By side and idempotency key: the version of the record that the write made, and whether it left nothing to see. */
  readonly done: ReadonlyMap<string, { readonly version: number; readonly isVain: boolean }>;
  readonly deletes: readonly Delete[];
  /** When people made a record anew, by key. */
  readonly made: readonly {
    readonly key: string;
    readonly side: string;
    readonly at: number;
    readonly isLate: boolean;
  }[];
  readonly writes: number;
  /** By side and idempotency key: how often a write was taken that left nothing to see. */
  readonly vain: ReadonlyMap<string, number>;
  /**
   * Edits that a write took away within the window that its class leaves open, or that it had when it was carried out
   * after it was given up (semantics §1.6).
   */
  readonly exposed: number;
  readonly clock: number;
};

/** Watches what the hub's writes do to the systems. */
export class Effects {
  readonly #oracle: Oracle;
  readonly #options: WorldOptions;
  /** Whether a record took the place of another one that the hub still counts as there. */
  readonly #isUntold: (side: string, key: string) => boolean;
  state: EffectState = { done: new Map(), deletes: [], made: [], writes: 0, vain: new Map(), exposed: 0, clock: 0 };

  constructor(oracle: Oracle, options: WorldOptions, isUntold: (side: string, key: string) => boolean) {
    this.#oracle = oracle;
    this.#options = options;
    this.#isUntold = isUntold;
  }

  /** A person deleted a record, having seen what it held. */
  deleted(side: string, key: string, row: Row): void {
    const seen = Object.fromEntries(Object.entries(row.registers).map(([unit, { history }]) => [unit, history]));
    this.#tick();
    this.state = { ...this.state, deletes: [...this.state.deletes, { side, key, at: this.state.clock, seen }] };
  }

  /** People made a record; or a request that the hub had given up did (`isLate`). */
  made(side: string, key: string, isLate = false): void {
    this.#tick();
    this.state = { ...this.state, made: [...this.state.made, { side, key, at: this.state.clock, isLate }] };
  }

  /** A write that leaves nothing to see is made twice; then a person is asked (I22). What they answered begins anew. */
  vain(side: string, carried: Carried): void {
    this.state = { ...this.state, writes: this.state.writes + 1 };
    this.#tried(side, carried, false);
  }

  /** What others change in between explains the record's new version, so that attempts before it do not count. */
  #tried(side: string, { write, entity }: Carried, isFirst: boolean): void {
    const name = `${side} ${write.idempotencyKey}`;
    const count = isFirst ? 1 : (this.state.vain.get(name) ?? 0) + 1;
    this.state = { ...this.state, vain: new Map(this.state.vain).set(name, count) };
    const { faults, sides } = this.#options;
    // Under a version that does not move, an attempt whose answer was lost may not have been made at all: it is no such write.
    const isUnseen = faults.length > 0 && sides.some((one) => one.name === side && one.token === 'weak');
    const isAnew = this.#oracle.state.decided.has(entity as never) || faults.includes('restore hub');
    if (count > limitDefaults.tries && !isAnew && !isUnseen)
      this.#oracle.report('I22', `${side}/${write.key} was written ${count} times, and nothing there changed`);
  }

  #tick(): void {
    this.state = { ...this.state, clock: this.state.clock + 1 };
  }

  take(effect: Effect, isLate = false): void {
    this.#tick();
    const { write } = effect.carried;
    if (isLate && write.kind === 'create') this.made(effect.side, write.key, isLate);
    this.state = { ...this.state, writes: this.state.writes + 1 };
    this.#once(effect);
    switch (effect.carried.write.kind) {
      case 'update':
        this.#overwrote(effect);
        this.#needed(effect);
        break;
      case 'delete':
        this.#removed(effect);
        break;
      case 'create':
        this.#revived(effect);
    }
  }

  /**
   * One write takes effect at most once (I10), as long as nobody touched the record in between. A system may keep what it is
   * given in the very form that it holds already: who loses the answer then cannot tell whether the request was lost (class
   * E6), so what leaves nothing to see is bounded by its tries.
   */
  #once({ side, carried, before, after }: Effect): void {
    const { idempotencyKey, key, kind } = carried.write;
    const name = `${side} ${idempotencyKey}`;
    const earlier = this.state.done.get(name);
    const isTouched = kind !== 'create' && before?.version !== earlier?.version;
    const isUnseen = kind === 'update' && sameJson(before?.fields ?? null, after?.fields ?? null);
    const isVain = isUnseen && (earlier?.isVain ?? true);
    const mayComeLate = this.#options.faults.includes('late');
    if (isVain && !mayComeLate) this.#tried(side, carried, isTouched);
    if (earlier !== undefined && !isTouched && !isVain && !mayComeLate)
      this.#oracle.report('I10', `one ${kind} of ${side}/${key} took effect twice`);
    if (after === null) return;
    const done = new Map(this.state.done).set(name, { version: after.version, isVain });
    this.state = { ...this.state, done };
  }

  /** Who overwrites had seen it, or the ledger keeps it (I2); outside of that, only in the window that the class leaves open. */
  #overwrote({ side, carried, before, after }: Effect): void {
    const system = this.#options.sides.find(({ name }) => name === side);
    if (before === null || system === undefined) return;
    for (const unit of this.#options.units) {
      const version = carried.units[unit.name];
      if (version === undefined) continue;
      const register = before.registers[unit.name] ?? untouched;
      const shadow = this.#oracle.state.histories.shadow(side, carried.write.key, unit.name);
      const known = version.history | this.#oracle.state.kept;
      if (isSum(unit) || isWithin(register.authors, known)) continue;
      const raw = rawOf(unit, before.fields);
      // A first blank says nothing (SPEC, One reading).
      if (canonical(unit, raw) === '' && (register.authors & this.#oracle.state.shown) === 0n) continue;
      // Away and back between two readings: what stands is what the hub has seen (semantics §8, not promised).
      const isSame = shadow !== undefined && canonical(unit, JSON.parse(shadow.raw) as Json) === canonical(unit, raw);
      // Where another side decides, what the hub has seen is a stray edit, or the decided value.
      const isOthers = unit.authority.kind === 'master' && unit.authority.side !== side;
      if (isSame && (isOthers || isWithin(shadow.authors, known))) continue;
      // Of a record that took another one's place the hub was shown a first blank; what that one held stands where it was.
      const isElsewhere =
        canonical(unit, raw) === '' && this.#madeElsewhere(register.authors & ~known, carried.write.key);
      if (isElsewhere && this.#isUntold(side, carried.write.key)) {
        this.#oracle.countUntold();
        continue;
      }
      if (system.write === 'W0' || system.write === 'W1' || after?.registers[unit.name]?.isLate === true)
        this.state = { ...this.state, exposed: this.state.exposed + 1 };
      else
        this.#oracle.report(
          'I2',
          `${this.#oracle.names(register.authors & ~known)} was overwritten in ${side} and nothing kept it`,
        );
    }
  }

  /** Whether all of these edits were made of records under other keys. */
  #madeElsewhere(edits: Edits, key: string): boolean {
    return this.#oracle.state.edits.every((edit, index) => edit.key !== key || ((edits >> BigInt(index)) & 1n) === 0n);
  }

  /** A write carries only what differs from what it expects to find (I9). */
  #needed({ side, carried: { write } }: Effect): void {
    for (const unit of this.#options.units) {
      const names = Object.keys(write.fields);
      const raw = rawOf(unit, write.fields);
      if (
        !names.some((name) => name === unit.name || name === `${unit.name}1`) ||
        Object.keys(write.expect).length === 0
      )
        continue;
      if (canonical(unit, raw) === canonical(unit, rawOf(unit, write.expect)))
        this.#oracle.report('I9', `${side}/${write.key}/${unit.name} was written with what it held`);
    }
  }

  /** A record is deleted where a person deleted it elsewhere having seen all of it, or on a person's word (I16). */
  #removed({ side, carried, before }: Effect): void {
    if (before === null || this.#oracle.state.decided.has(carried.entity as never)) return;
    const { kept } = this.#oracle.state;
    const { key } = carried.write;
    const causes = this.state.deletes.filter(
      (one) => one.side !== side && (one.key === key || carried.kin.includes(`${one.side}/${one.key}`)),
    );
    if (causes.length === 0) {
      this.#oracle.report('I16', `${side}/${key} was deleted, and nobody deleted it anywhere`);
      return;
    }
    const isSeen = causes.some(({ seen }) =>
      this.#options.units.every((unit) => {
        const { authors } = before.registers[unit.name] ?? untouched;
        // A value that does not count there, or is the agreed one, is not lost, whoever typed it.
        if (isSum(unit) || (unit.authority.kind === 'master' && unit.authority.side !== side)) return true;
        const isAgreed =
          canonical(unit, rawOf(unit, before.fields)) === canonical(unit, carried.agreed[unit.name] ?? null);
        return isAgreed || isWithin(authors, (seen[unit.name] ?? 0n) | kept);
      }),
    );
    const isBlind = this.#options.sides.some(({ name, write }) => name === side && (write === 'W0' || write === 'W1'));
    if (isSeen) return;
    if (isBlind) this.state = { ...this.state, exposed: this.state.exposed + 1 };
    else this.#oracle.report('I16', `${side}/${key} was deleted with an edit that nobody who deleted it had seen`);
  }

  /** The dead do not return by themselves (I16). */
  #revived({ side, carried }: Effect): void {
    if (this.#oracle.state.decided.has(carried.entity as never)) return;
    const { key } = carried.write;
    const buried = this.state.deletes.findLast((one) => one.key === key && one.side === side);
    if (buried === undefined) return;
    // What people made on another side is a record of its own, whatever became of this one.
    const again = this.state.made.filter((one) => one.key === key && (one.at > buried.at || one.side !== side));
    // What a request made that came after it was given up is a new record of its side (SPEC, Deliveries).
    const isOutrun = again.length > 0 && again.every(({ isLate }) => isLate);
    if (isOutrun) this.#oracle.state = { ...this.#oracle.state, outrun: this.#oracle.state.outrun + 1 };
    if (again.length === 0)
      this.#oracle.report('I16', `${side}/${key} was deleted by people and made again by the hub`);
  }
}
