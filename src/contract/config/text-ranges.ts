import type { Range } from './problems.js';

/** The range between two offsets of one text. */
export type ToRange = (start: number, end: number) => Range;

/**
 * Turns offsets into ranges on one line: a longer stretch ends with its first line, an empty one is a column wide, and
 * what lies beyond the last visible character is shown at its end. Lines are counted here and not taken from the
 * parser, whose counter misses the end of a line in some broken files.
 */
export function textRanges(text: string): ToRange {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  const lastVisible = text.trimEnd().length;
  return (wantedStart, wantedEnd) => {
    const start = Math.max(0, Math.min(wantedStart, lastVisible));
    const line = lineOf(lineStarts, start);
    const lineStart = lineStarts[line - 1] ?? 0;
    const lineEnd = (lineStarts[line] ?? text.length + 1) - 1;
    const visible = text.slice(start, Math.min(Math.max(wantedEnd, start), lineEnd)).trimEnd().length;
    const column = start - lineStart + 1;
    return { line, column, endColumn: column + Math.max(1, visible) };
  };
}

/** The number of the line that holds an offset: the count of line starts at or before it. */
function lineOf(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lineStarts[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
