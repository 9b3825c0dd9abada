import type { Json } from '../../../src/core/json.js';
import type { UnitOptions } from '../options.js';

/** Edits by name: where the engine counts in vectors, the reference keeps sets. */
export type Dots = ReadonlySet<string>;
export const nobody: Dots = new Set();
export type Sibling = { readonly side: string; readonly value: Json; readonly dot: string };

/** A unit of a record: the register, and by side what it has received, what it last showed, and what needed no write. */
export class Cell {
  value: Json = null;
  vv: Dots = nobody;
  siblings: readonly Sibling[] = [];
  isOpen = false;
  readonly ctx = new Map<string, Dots>();
  readonly shadow = new Map<string, Json>();
  readonly noop = new Map<string, { readonly vv: Dots; readonly tick: number }>();
  /** Sides that keep their own because nobody who may decide said anything. */
  readonly left = new Set<string>();
}
/** What a side is to get in one write. Planned anew, it goes behind what was planned before, and the old one is not sent. */
export type Due = {
  readonly order: number;
  readonly name: string;
  readonly units: ReadonlyMap<string, { readonly raw: Json; readonly vv: Dots }>;
};
export class Entity {
  readonly cells: ReadonlyMap<string, Cell>;
  readonly known = new Set<string>();
  readonly due = new Map<string, Due>();
  /** Sides whose due write was sent, and no answer came. */
  readonly doubt = new Set<string>();
  constructor(units: readonly UnitOptions[]) {
    this.cells = new Map(units.map(({ name }) => [name, new Cell()]));
  }
}

export const join = (a: Dots, b: Dots): Dots => new Set([...a, ...b]);
export const includes = (all: Dots, part: Dots): boolean => [...part].every((dot) => all.has(dot));
