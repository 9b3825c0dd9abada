import { mergeParts } from '../diff3.js';
import type { Json } from '../json.js';
import { isBlank } from '../mapping/equality.js';
import { baseBetween } from '../lineage.js';
import type { Sibling, Step } from '../state.js';

/** Comparing texts part by part takes time by the square of their parts; longer ones are not merged. */
const partsMax = 2000;

/**
 * Texts merged three ways (semantics §2.2, `text3`): what each sibling changed since the text that all of them had. Null
 * when they changed the same place, when they do not share a text, or when one is too long. Siblings come in side order,
 * so that the result is a function of their set although three-way merging is not associative.
 */
export function mergeTexts(siblings: readonly Sibling[], steps: readonly Step[], by: 'lines' | 'words'): string | null {
  const base = sharedBase(siblings, steps);
  if (base === null) return null;
  const from = partsOf(base, by);
  let merged: readonly string[] | undefined;
  for (const { value } of siblings) {
    if (typeof value !== 'string') return null;
    const parts = partsOf(value, by);
    if (parts.length > partsMax || from.length > partsMax) return null;
    const next = merged === undefined ? parts : mergeParts(merged, from, parts);
    if (next === null) return null;
    merged = next;
  }
  return merged === undefined ? null : merged.join('');
}

/** The one text that every two siblings have in common. */
function sharedBase(siblings: readonly Sibling[], steps: readonly Step[]): string | null {
  const bases = siblings.flatMap((one) =>
    siblings.filter((other) => other !== one).map((other): Json => baseBetween(steps, one, other)),
  );
  const [first] = bases;
  if (typeof first !== 'string' || isBlank(first)) return null;
  return bases.every((base) => base === first) ? first : null;
}

/** Lines with their ends, or words and the spaces between them: put together again they are the text. */
function partsOf(text: string, by: 'lines' | 'words'): readonly string[] {
  return by === 'lines' ? text.split(/(?<=\n)/u) : text.split(/(\s+)/u);
}
