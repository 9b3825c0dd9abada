/**
 * Version vectors (Parker et al. 1983), one entry per system and one for the hub (semantics §1.1).
 * The hub ticks on behalf of a system when it observes a changed value there, so a counter never comes from a clock.
 */

/** Who ticks: `side#epoch` or `hub#epoch`. The epoch rises when our own database was restored from a backup. */
export type Actor = string;
/** Counters by actor; an actor that is missing stands at zero. Never mutated. */
export type Vector = { readonly [actor: Actor]: number };
/** One edit: an actor and its counter. */
export type Dot = readonly [actor: Actor, counter: number];

export type Ordering = 'equal' | 'before' | 'after' | 'concurrent';

export const emptyVector: Vector = {};

export function actor(name: string, epoch: number): Actor {
  return `${name}#${epoch}`;
}

/** True when everything in `a` is in `b`: a ≤ b. */
export function includes(b: Vector, a: Vector): boolean {
  if (a === b) return true;
  for (const name in a) {
    if ((a[name] as number) > (b[name] ?? 0)) return false;
  }
  return true;
}

/** True when nobody has ticked. */
export function isEmptyVector(vector: Vector): boolean {
  return includes(emptyVector, vector);
}

/** True when the vector has seen the dot. */
export function hasDot(vector: Vector, dot: Dot): boolean {
  return (vector[dot[0]] ?? 0) >= dot[1];
}

/** The least vector that includes both. Commutative, associative, idempotent. */
export function join(a: Vector, b: Vector): Vector {
  if (includes(a, b)) return a;
  if (includes(b, a)) return b;
  const joined: { [actor: Actor]: number } = { ...a };
  for (const name in b) joined[name] = Math.max(joined[name] ?? 0, b[name] as number);
  return joined;
}

export function withDot(vector: Vector, dot: Dot): Vector {
  return hasDot(vector, dot) ? vector : { ...vector, [dot[0]]: dot[1] };
}

export function compare(a: Vector, b: Vector): Ordering {
  const below = includes(b, a);
  const above = includes(a, b);
  if (below && above) return 'equal';
  if (below) return 'before';
  return above ? 'after' : 'concurrent';
}

/** True when both have seen the same; an actor at zero counts like one that is missing. */
export function sameVector(a: Vector, b: Vector): boolean {
  return a === b || (includes(a, b) && includes(b, a));
}

/** Actors in code-unit order, such as `crm#1:3 erp#1:1`; for people and for hashing. */
export function vectorText(vector: Vector): string {
  const names: Actor[] = [];
  let isSorted = true;
  for (const name in vector) {
    if ((vector[name] as number) <= 0) continue;
    if (names.length > 0 && name < (names.at(-1) as Actor)) isSorted = false;
    names.push(name);
  }
  // Sorting takes more memory than everything else here, and vectors mostly are in order.
  if (!isSorted) names.sort();
  let text = '';
  for (const name of names) text += `${text === '' ? '' : ' '}${name}:${vector[name]}`;
  return text;
}
