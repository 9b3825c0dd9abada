import { closest, distance } from 'fastest-levenshtein';

/** The candidate that a typing mistake most likely stands for, or undefined when none is near. */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || written.length > 200) return undefined;
  const wanted = written.toLowerCase();
  const exact = candidates.find((candidate) => candidate.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const swapped = candidates.find((candidate) => isSwapped(wanted, candidate.toLowerCase()));
  if (swapped !== undefined) return swapped;
  const best = closest(
    wanted,
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const allowed = Math.max(1, Math.floor(Math.max(wanted.length, best.length) / 3));
  if (distance(wanted, best) > allowed) return undefined;
  return candidates.find((candidate) => candidate.toLowerCase() === best);
}

/** Two neighbouring letters in the wrong order: the most common mistake, which counts as two edits. */
function isSwapped(wanted: string, candidate: string): boolean {
  const sorted = (word: string): string => word.split('').sort().join('');
  return (
    wanted.length === candidate.length && distance(wanted, candidate) === 2 && sorted(wanted) === sorted(candidate)
  );
}

/** A hint: the nearest candidate, else the list of what is possible, else nothing. */
export function didYouMean(written: string, candidates: readonly string[]): string | undefined {
  const near = nearest(written, candidates);
  if (near !== undefined) return `did you mean ${near}?`;
  if (candidates.length === 0) return undefined;
  const listedMax = 12;
  const more = candidates.length > listedMax ? ` and ${candidates.length - listedMax} more` : '';
  return `possible here: ${candidates.slice(0, listedMax).join(', ')}${more}`;
}

/** A word as written, for a message: quoted, on one line, and cut when it is long. */
export function quoted(written: string): string {
  const shownMax = 60;
  return JSON.stringify(written.length > shownMax ? `${written.slice(0, shownMax)}...` : written);
}
