import { isReadableName } from '../expression.js';
import { readCondition, type EarlierUnit } from './condition-reader.js';
import type { Report } from './problems.js';
import { segmentsSchema } from './schema.js';
import { expanded, type Segment, type Segments } from './segment.js';
import { isMapping, valueAt } from './shape-problems.js';
import { quoted } from './suggest.js';
import type { YamlSource } from './yaml-source.js';

type SegmentContext = { readonly source: YamlSource; readonly report: Report };

const namePattern = /^[a-z][a-z0-9_]{0,62}$/;

/** The segments of a file, in its order: each may name those that stand before it, so there is no circle. */
export function readSegments({ source, report }: SegmentContext, sides: readonly string[]): Segments {
  const segments = new Map<string, Segment>();
  const parsed = segmentsSchema.safeParse(valueAt(source.value, ['segments']));
  if (!parsed.success) return segments;
  const units = unitNames(source);
  for (const [name, written] of Object.entries(parsed.data)) {
    const range = source.keyRange(['segments', name]);
    if (!namePattern.test(name) || !isReadableName(name)) {
      report('config.bad_name', range, `${quoted(name)} cannot be the name of a segment`, {
        hint: 'names start with a lower-case letter; letters, digits and _ follow; words of expressions are taken',
      });
      continue;
    }
    const other = units.includes(name)
      ? 'a unit'
      : [...sides, 'either'].includes(name)
        ? 'a heading of "masters"'
        : null;
    if (other !== null) {
      report('config.bad_name', range, `${quoted(name)} already is the name of ${other}`, {
        hint: 'give the segment a name of its own',
      });
      continue;
    }
    const heading = typeof written === 'string' ? null : written;
    const path = heading === null ? ['segments', name] : ['segments', name, 'when'];
    const text = typeof written === 'string' ? written : written.when;
    segments.set(name, { name, path, text: expanded(text, segments), heading });
  }
  return segments;
}

/** Checks what segments say, whether or not something uses them, once the units are known. */
export function checkSegments(
  { source, report }: SegmentContext,
  segments: Segments,
  units: readonly EarlierUnit[],
): void {
  const before = new Map<string, Segment>();
  for (const segment of segments.values()) {
    const text = String(valueAt(source.value, segment.path));
    readCondition({ source, report, path: segment.path, segments: before }, text, units, unitNames(source), {
      hint: 'a segment reads single fields: no group, no joined text and no reference',
    });
    before.set(segment.name, segment);
  }
}

export function unitNames(source: YamlSource): readonly string[] {
  const masters = valueAt(source.value, ['masters']);
  return Object.values(isMapping(masters) ? masters : {}).flatMap((group) =>
    isMapping(group) ? Object.keys(group) : [],
  );
}
