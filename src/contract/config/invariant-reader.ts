import type { Invariant } from '../../core/rules.js';
import { readCondition } from './condition-reader.js';
import type { Report } from './problems.js';
import { isMapping, valueAt } from './shape-problems.js';
import type { ReadUnit } from './unit-reader.js';
import type { YamlSource } from './yaml-source.js';

/**
 * Compiles what the file declares of whole records, each with its place. An invariant reads single fields of any unit; one
 * that reads fewer than two units is one about a value, which no decision can break that a side had not broken.
 */
export function readInvariants(
  { source, report }: { readonly source: YamlSource; readonly report: Report },
  units: ReadonlyMap<string, ReadUnit | null>,
): readonly Invariant[] {
  const written = valueAt(source.value, ['invariants']);
  if (!Array.isArray(written)) return [];
  const readable = [...units.values()].flatMap((unit) =>
    unit?.rules === undefined
      ? []
      : [{ name: unit.name, as: unit.rules.as, isGroup: unit.uses.length > unit.mapped.length }],
  );
  // A unit that could not be read is reported where it stands; that it is unknown here is no news.
  const isWhole = readable.length === units.size;
  const masters = valueAt(source.value, ['masters']);
  const all = Object.values(isMapping(masters) ? masters : {}).flatMap((group) =>
    isMapping(group) ? Object.keys(group) : [],
  );
  return written.flatMap((text, index): Invariant[] => {
    if (typeof text !== 'string' || !isWhole) return [];
    const path = ['invariants', index];
    const expression = readCondition({ source, report, path }, text, readable, all, {
      hint: 'an invariant reads single fields: no group, and no joined text',
    });
    if (expression === undefined) return [];
    const range = source.valueRange(path);
    if (Object.keys(expression.variables).length > 1) return [{ expression, place: `${source.file}:${range.line}` }];
    report('config.rule_not_here', range, 'an invariant is about two units or more, and this reads fewer', {
      hint: 'what one field may hold is the business of the systems',
    });
    return [];
  });
}
