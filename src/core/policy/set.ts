import { baseBetween } from '../lineage.js';
import type { Json } from '../json.js';
import { canonicalText, elementEquality } from '../mapping/equality.js';
import type { EqualityName } from '../rules.js';
import type { Sibling, Step } from '../state.js';

/**
 * Lists merged element by element (semantics §2.2, `set`): an element stays when some sibling holds it and none that
 * lacks it has removed it. A removal counts against what its author had seen: an element that another sibling added
 * meanwhile stays (`add_wins`), unless the file says that removals win and somebody took out one of the same key. An
 * element's key is its canonical form; of several spellings the first in side order stays. Null when a value is no list.
 */
export function mergeSets(
  siblings: readonly Sibling[],
  steps: readonly Step[],
  { same, removes }: { readonly same: EqualityName; readonly removes: 'add_wins' | 'remove_wins' },
): readonly Json[] | null {
  const keyed = siblings.map(({ value }) => elementsOf(same, value));
  if (keyed.includes(null)) return null;
  const elements = new Map<string, Json>();
  for (const one of keyed) for (const [key, element] of one ?? []) if (!elements.has(key)) elements.set(key, element);
  const bases = new Map<string, ReadonlySet<string>>();
  const baseOf = (one: number, other: number): ReadonlySet<string> => {
    const known = bases.get(`${one} ${other}`);
    if (known !== undefined) return known;
    const base = baseBetween(steps, siblings[one] as Sibling, siblings[other] as Sibling);
    const keys = new Set(elementsOf(same, base)?.keys());
    bases.set(`${one} ${other}`, keys);
    return keys;
  };
  const stays = (key: string): boolean => {
    const holders = [...keyed.keys()].filter((index) => keyed[index]?.has(key));
    const lackers = [...keyed.keys()].filter((index) => !keyed[index]?.has(key));
    const isAdded = holders.some((holder) => lackers.every((lacker) => !baseOf(holder, lacker).has(key)));
    const isRemoved = lackers.some((lacker) => holders.some((holder) => baseOf(lacker, holder).has(key)));
    return removes === 'add_wins' ? isAdded : !isRemoved;
  };
  return [...elements].filter(([key]) => stays(key)).map(([, element]) => element);
}

/** The elements by key; null for a value that is no list. A blank is the empty list. */
function elementsOf(same: EqualityName, value: Json): ReadonlyMap<string, Json> | null {
  if (value === null) return new Map();
  if (!Array.isArray(value)) return null;
  const element = elementEquality(same);
  const found = new Map<string, Json>();
  for (const member of value as readonly Json[]) {
    const key = canonicalText(element, member);
    if (!found.has(key)) found.set(key, member);
  }
  return found;
}
