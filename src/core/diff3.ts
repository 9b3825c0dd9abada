import { diff3Merge } from 'node-diff3';

/** What both changed of `base`, part by part; null when they changed the same place differently. */
export function mergeParts(one: readonly string[], base: readonly string[], other: readonly string[]): string[] | null {
  const merged: string[] = [];
  for (const region of diff3Merge([...one], [...base], [...other], { excludeFalseConflicts: true })) {
    if (region.ok === undefined) return null;
    merged.push(...region.ok);
  }
  return merged;
}
