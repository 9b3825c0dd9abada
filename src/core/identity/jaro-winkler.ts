/**
 * Likeness of two texts between 0 and 1 (Jaro 1989, with Winkler's bonus for a common beginning): made for names as
 * people type them. Symmetric, and 1 exactly for equal texts. Compares code points.
 */
export function jaroWinkler(left: string, right: string): number {
  if (left === right) return 1;
  const [a, b] = [Array.from(left), Array.from(right)];
  const likeness = jaro(a, b);
  let prefix = 0;
  while (prefix < Math.min(4, a.length, b.length) && a[prefix] === b[prefix]) prefix += 1;
  return likeness + prefix * 0.1 * (1 - likeness);
}

function jaro(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  // Letters count as common when they stand no further apart than half the longer text.
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const isTaken = b.map(() => false);
  const common: string[] = [];
  for (const [index, letter] of a.entries()) {
    const end = Math.min(b.length - 1, index + reach);
    for (let at = Math.max(0, index - reach); at <= end; at += 1) {
      if (isTaken[at] === true || b[at] !== letter) continue;
      isTaken[at] = true;
      common.push(letter);
      break;
    }
  }
  if (common.length === 0) return 0;
  const inOther = b.filter((_letter, index) => isTaken[index]);
  const swapped = inOther.filter((letter, index) => letter !== common[index]).length / 2;
  const count = common.length;
  return (count / a.length + count / b.length + (count - swapped) / count) / 3;
}
