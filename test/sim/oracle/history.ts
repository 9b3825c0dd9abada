import type { Vector } from '../../../src/core/clock/version-vector.js';
import { vectorText } from '../../../src/core/clock/version-vector.js';
import type { EntityId } from '../../../src/core/ids.js';
import type { Register, Sibling } from '../../../src/core/state.js';
import type { Sighting } from '../sighting.js';
import type { Edits } from '../truth.js';

export type Known = {
  readonly history: Edits;
  readonly proven: Edits;
  readonly authors: Edits;
  readonly isLate?: boolean;
  /** The first reading of a record of which nobody had told that it took the place of another one. */
  readonly isStranger?: boolean;
  readonly missed?: Edits;
};
/** What was shown, and what people had added to it by then. */
type Shown = Known & { readonly raw: string; readonly added: number };
export type Shadows = ReadonlyMap<string, Shown>;
export const nobody: Known = { history: 0n, proven: 0n, authors: 0n };

/**
 * What the hub's names stand for in truth: each dot for the register that was read when the hub allotted it, each
 * version for all that its siblings had seen. Tables of facts, never changed once written.
 */
export class Histories {
  readonly #dots = new Map<string, Known>();
  readonly #versions = new Map<string, Known>();
  readonly #values = new Map<string, string>();
  /** The last sighting of each record that the hub took over, by `side key unit`. */
  #shadows = new Map<string, Shown>();

  /** What the hub was shown last of everything, as a value. */
  get shadows(): Shadows {
    return new Map(this.#shadows);
  }

  set shadows(shadows: Shadows) {
    this.#shadows = new Map(shadows);
  }

  copy(): Histories {
    const next = new Histories();
    for (const [name, known] of this.#dots) next.#dots.set(name, known);
    for (const [name, known] of this.#versions) next.#versions.set(name, known);
    for (const [name, value] of this.#values) next.#values.set(name, value);
    for (const [name, known] of this.#shadows) next.#shadows.set(name, known);
    return next;
  }

  dot(entity: EntityId, unit: string, dot: Sibling['dot']): Known | undefined {
    return this.#dots.get(dotName(entity, unit, dot));
  }

  /** False when the dot was allotted before to something else. */
  allot(entity: EntityId, unit: string, dot: Sibling['dot'], known: Known): boolean {
    const name = dotName(entity, unit, dot);
    const old = this.#dots.get(name);
    this.#dots.set(name, known);
    return old === undefined || (old.history === known.history && old.authors === known.authors);
  }

  version(entity: EntityId, unit: string, vv: string): Known | undefined {
    return this.#versions.get(`${entity} ${unit} ${vv}`);
  }

  /** Notes what a version contains; the answer is another value that the same version had before, if it had one. */
  note(entity: EntityId, unit: string, register: Register): string | null {
    const name = `${entity} ${unit} ${vectorText(register.vv)}`;
    this.#versions.set(name, this.of(entity, unit, register));
    if (register.status !== 'settled') return null;
    const value = JSON.stringify(register.value);
    const old = this.#values.get(name);
    this.#values.set(name, value);
    return old === undefined || old === value ? null : old;
  }

  of(entity: EntityId, unit: string, register: Register): Known {
    const known = register.siblings.map(({ dot }) => this.dot(entity, unit, dot) ?? nobody);
    const winner = register.winner === null ? undefined : this.dot(entity, unit, register.winner);
    const all = (part: 'history' | 'proven'): Edits => known.reduce((sum, one) => sum | one[part], 0n);
    return { history: all('history'), proven: all('proven'), authors: winner?.authors ?? 0n };
  }

  shadow(side: string, key: string, unit: string): Shown | undefined {
    return this.#shadows.get(`${side} ${key} ${unit}`);
  }

  remember({ side, key }: Pick<Sighting, 'side' | 'key'>, unit: string, known: Omit<Shown, 'raw'>, raw: string): void {
    this.#shadows.set(`${side} ${key} ${unit}`, { ...known, raw });
  }
}

function dotName(entity: EntityId, unit: string, [actor, counter]: Sibling['dot']): string {
  return `${entity} ${unit} ${actor}:${counter}`;
}

export function grew(before: Vector, after: Vector): boolean {
  return Object.entries(before).every(([actor, counter]) => (after[actor] ?? 0) >= counter);
}
