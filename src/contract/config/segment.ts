import { namesIn } from '../expression.js';
import type { BranchInput } from './schema.js';
import type { YamlPath } from './yaml-source.js';

/**
 * Records by what they are: a named condition on agreed values. Other conditions use it by its name, and one that says who
 * decides in each case can stand as a heading under `masters`.
 */
export type Segment = {
  readonly name: string;
  /** Where its condition stands. */
  readonly path: YamlPath;
  /** What it says, with what the segments say that it names; null where that cannot be read. */
  readonly text: string | null;
  readonly heading: SegmentHeading | null;
};
export type SegmentHeading = {
  readonly when: string;
  readonly use: BranchInput;
  readonly else: BranchInput;
  readonly on_flip?: 'nothing' | 'realign' | undefined;
};
export type Segments = ReadonlyMap<string, Segment>;

/** An expression with what its segments say in the place of their names; null when one of them cannot be read. */
export function expanded(text: string, segments: Segments): string | null {
  const names = namesIn(text);
  if (names === null) return null;
  let result = '';
  let from = 0;
  for (const { name, at, end } of names) {
    const segment = segments.get(name);
    if (segment === undefined) continue;
    if (segment.text === null) return null;
    result += `${text.slice(from, at)}(${segment.text})`;
    from = end;
  }
  return result + text.slice(from);
}
