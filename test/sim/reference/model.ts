import type { Json } from '../../../src/core/json.js';
import type { UnitOptions } from '../options.js';
import { canonical } from '../truth.js';
import { type Cell, type Dots, type Due, Entity, includes, join, nobody, type Sibling } from './entity.js';

export type Lost = 'lost request' | 'lost response';
/** A system could not be reached: the act ends there, and what was to be written waits. */
class Unreachable extends Error {}

/**
 * The reference: what SPEC says of one reading, a register, who decides and deliveries, written down a second time, as short as it
 * can be, with sets of edits instead of vectors, and without a line of the engine. It knows systems that compare what
 * they write over, masters that restore, and the policies `ask` and `prefer`; nothing is deleted in its worlds.
 */
export class Model {
  readonly #sides: readonly string[];
  readonly #units: readonly UnitOptions[];
  /** The systems as they are: by side and key, the raw value of each unit. */
  readonly rows: ReadonlyMap<string, Map<string, Map<string, Json>>>;
  readonly entities = new Map<string, Entity>();
  readonly #complete = new Map<string, number>();
  /** Faults that wait for a write of their side. */
  readonly lost = new Map<string, Lost[]>();
  #tick = 0;
  #dots = 0;
  /** Writes that took effect. */
  writes = 0;

  constructor(sides: readonly string[], units: readonly UnitOptions[]) {
    this.#sides = sides;
    this.#units = units;
    this.rows = new Map(sides.map((side) => [side, new Map()]));
  }

  /** The first plan: every side is read, then all is decided and written; then a turn. */
  start(): void {
    for (const side of this.#sides) this.#pass(side, false);
    for (const entity of this.entities.values()) this.#settle(entity);
    this.#send();
    this.act('cycle', '');
  }

  act(act: 'poll' | 'send' | 'cycle', side: string): void {
    try {
      if (act === 'poll') this.#pass(side, true);
      else this.#turn(act === 'cycle' ? 4 : 0);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
  }

  #turn(rounds: number): void {
    this.#send();
    for (let round = 0; round < rounds; round += 1) {
      for (const side of this.#sides) this.#pass(side, true);
      if (this.#send() === 0) break;
    }
  }

  /** Writes what is due by now, and looks where an answer is missing; the answer is how many records had moved on. */
  #send(): number {
    let stale = 0;
    const work = [...this.entities]
      .flatMap(([key, entity]) => [...entity.due].map(([side, due]) => ({ key, entity, side, due })))
      .toSorted((a, b) => a.due.order - b.due.order);
    for (const { key, entity, side, due } of work) {
      if (entity.due.get(side) !== due) continue;
      const row = this.rowsOf(side).get(key);
      if (!entity.doubt.has(side)) stale += this.#write(key, entity, side, due);
      else if (row === undefined) entity.doubt.delete(side);
      else this.#observe(entity, side, row);
      this.#settle(entity);
    }
    return stale;
  }

  #pass(side: string, isDecided: boolean): void {
    const began = this.#tick;
    this.#tick += 1;
    for (const [key, row] of this.rowsOf(side)) {
      const entity = this.entities.get(key) ?? new Entity(this.#units);
      this.entities.set(key, entity);
      if (this.#observe(entity, side, row) && isDecided) this.#settle(entity);
    }
    this.#complete.set(side, began);
  }

  /** One reading of a record (SPEC, One reading); whether it said anything. */
  #observe(entity: Entity, side: string, row: ReadonlyMap<string, Json>): boolean {
    const doubt = entity.doubt.has(side) ? entity.due.get(side) : undefined;
    let isNews = doubt !== undefined || !entity.known.has(side);
    if (entity.doubt.delete(side)) entity.due.delete(side);
    entity.known.add(side);
    for (const unit of this.#units) {
      const cell = entity.cells.get(unit.name) as Cell;
      const raw = row.get(unit.name) ?? null;
      const sent = doubt?.units.get(unit.name);
      if (sent !== undefined && canonical(unit, raw) === canonical(unit, sent.raw)) this.#received(cell, side, sent);
      const old = cell.shadow.get(side);
      cell.shadow.set(side, raw);
      if (old !== undefined && canonical(unit, old) === canonical(unit, raw)) continue;
      isNews = true;
      if (old === undefined && (canonical(unit, raw) === '' || !mayEdit(unit, side))) continue;
      this.#edited(unit, cell, side, raw);
    }
    return isNews;
  }

  /** O6: whoever had all of the agreed value replaces it; else the edit stands beside the others. */
  #edited(unit: UnitOptions, cell: Cell, side: string, raw: Json): void {
    const dot = this.#nextDot();
    const seen = join(this.#confirmed(cell, side), new Set([dot]));
    cell.ctx.set(side, seen);
    cell.noop.delete(side);
    if (!mayEdit(unit, side)) {
      // A stray edit is put back; where nobody decided anything there is nothing to put back.
      if (canonical(unit, cell.value) === '') cell.left.add(side);
      else cell.vv = join(join(cell.vv, seen), new Set([this.#nextDot()]));
      return;
    }
    const edit: Sibling = { side, value: raw, dot };
    cell.left.clear();
    const dominates = includes(seen, cell.vv) || unit.authority.kind === 'master';
    cell.siblings = dominates ? [edit] : [...cell.siblings.filter((one) => !seen.has(one.dot)), edit];
    cell.vv = join(cell.vv, seen);
    cell.isOpen = !dominates;
    if (dominates) cell.value = raw;
  }

  /** Decides what is open; notes where an equal value spares the write, and what is due elsewhere. */
  #settle(entity: Entity): void {
    this.#tick += 1;
    for (const unit of this.#units) {
      const cell = entity.cells.get(unit.name) as Cell;
      if (cell.isOpen) this.#resolve(unit, cell);
      for (const side of entity.known) {
        const old = cell.shadow.get(side);
        const isEqual = old !== undefined && canonical(unit, old) === canonical(unit, cell.value);
        if (!isEqual || !this.#isBehind(unit, cell, side)) continue;
        const noop = cell.noop.get(side);
        if (noop !== undefined && includes(noop.vv, cell.vv)) continue;
        if (mayEdit(unit, side)) cell.ctx.set(side, this.#confirmed(cell, side));
        cell.noop.set(side, { vv: cell.vv, tick: this.#tick });
      }
    }
    for (const [index, side] of this.#sides.entries()) {
      if (entity.doubt.has(side)) continue;
      const order = this.#tick * this.#sides.length + index;
      const due = this.#dueOf(entity, side, order);
      if (due === null) entity.due.delete(side);
      else if (entity.due.get(side)?.name !== due.name) entity.due.set(side, due);
    }
  }

  #resolve({ authority, ...unit }: UnitOptions, cell: Cell): void {
    const ordered = this.#sides.flatMap((side) => cell.siblings.filter((one) => one.side === side));
    const [first] = ordered as [Sibling];
    const forms = new Set(ordered.map(({ value }) => canonical({ authority, ...unit }, value)));
    const chosen = authority.kind === 'prefer' ? ordered.find(({ side }) => side === authority.side) : undefined;
    if (forms.size > 1 && chosen === undefined) return;
    cell.value = forms.size === 1 ? first.value : (chosen as Sibling).value;
    cell.isOpen = false;
    if (forms.size > 1) cell.vv = join(cell.vv, new Set([this.#nextDot()]));
  }

  /** A delivery that needed no write is received when a complete pass began after it (I3). */
  #confirmed(cell: Cell, side: string): Dots {
    const [noop, complete] = [cell.noop.get(side), this.#complete.get(side)];
    const context = cell.ctx.get(side) ?? nobody;
    return noop === undefined || complete === undefined || complete < noop.tick ? context : join(context, noop.vv);
  }

  #isBehind(unit: UnitOptions, cell: Cell, side: string): boolean {
    const isSilent = unit.authority.kind === 'master' && canonical(unit, cell.value) === '';
    return !cell.isOpen && !cell.left.has(side) && !isSilent && !includes(cell.ctx.get(side) ?? nobody, cell.vv);
  }

  #dueOf(entity: Entity, side: string, order: number): Due | null {
    const isNew = !entity.known.has(side);
    const behind = this.#units.filter((unit) => {
      const cell = entity.cells.get(unit.name) as Cell;
      const old = cell.shadow.get(side);
      if (isNew) return !cell.isOpen && canonical(unit, cell.value) !== '';
      const isEqual = old !== undefined && canonical(unit, old) === canonical(unit, cell.value);
      return !isEqual && this.#isBehind(unit, cell, side);
    });
    if (behind.length === 0 && !isNew) return null;
    const units = new Map(
      behind.map(({ name }) => {
        const { value, vv } = entity.cells.get(name) as Cell;
        return [name, { raw: value, vv }];
      }),
    );
    return { order, name: [...units].map(([unit, { vv }]) => `${unit} ${[...vv].toSorted().join()}`).join(';'), units };
  }

  /** One write, which compares what it writes over; the answer counts a record that had moved on. */
  #write(key: string, entity: Entity, side: string, { units }: Due): number {
    const [lost, ...later] = this.lost.get(side) ?? [];
    this.lost.set(side, later);
    if (lost === 'lost request') throw new Unreachable();
    const row = this.rowsOf(side).get(key);
    const isAsExpected = this.#units.every((unit) => {
      const old = (entity.cells.get(unit.name) as Cell).shadow.get(side) ?? null;
      return !units.has(unit.name) || canonical(unit, row?.get(unit.name) ?? null) === canonical(unit, old);
    });
    if (isAsExpected) {
      this.writes += 1;
      const next = new Map(row ?? this.#units.map(({ name }): [string, Json] => [name, null]));
      for (const [name, { raw }] of units) next.set(name, raw);
      this.rowsOf(side).set(key, next);
    }
    if (lost === 'lost response') {
      entity.doubt.add(side);
      return 0;
    }
    if (isAsExpected) entity.known.add(side);
    if (isAsExpected) for (const [name, part] of units) this.#received(entity.cells.get(name) as Cell, side, part);
    entity.due.delete(side);
    const shown = this.rowsOf(side).get(key) as ReadonlyMap<string, Json>;
    // What an answer shows beside what was written may be older than what was read: the next pass tells.
    if (isAsExpected && this.#showsOther(entity, side, shown, units)) return 0;
    this.#observe(entity, side, shown);
    return isAsExpected ? 0 : 1;
  }

  #showsOther(entity: Entity, side: string, row: ReadonlyMap<string, Json>, units: Due['units']): boolean {
    return this.#units.some((unit) => {
      const old = (entity.cells.get(unit.name) as Cell).shadow.get(side);
      return (
        !units.has(unit.name) &&
        old !== undefined &&
        canonical(unit, old) !== canonical(unit, row.get(unit.name) ?? null)
      );
    });
  }

  #received(cell: Cell, side: string, { raw, vv }: { readonly raw: Json; readonly vv: Dots }): void {
    cell.ctx.set(side, join(cell.ctx.get(side) ?? nobody, vv));
    cell.noop.delete(side);
    cell.shadow.set(side, raw);
  }

  rowsOf(side: string): Map<string, Map<string, Json>> {
    return this.rows.get(side) as Map<string, Map<string, Json>>;
  }

  #nextDot(): string {
    return String((this.#dots += 1));
  }
}

function mayEdit({ authority }: UnitOptions, side: string): boolean {
  return authority.kind !== 'master' || authority.side === side;
}
