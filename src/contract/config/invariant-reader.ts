import type { Invariant } from '../../core/rules.js';
import { readCondition, type EarlierUnit } from './condition-reader.js';
import type { Report } from './problems.js';
import type { Segments } from './segment.js';
import { unitNames } from './segment-reader.js';
import { valueAt } from './shape-problems.js';
import type { YamlSource } from './yaml-source.js';

/**
 * Compiles what the file declares of whole records, each with its place. An invariant reads single fields of any unit; one
 * that reads fewer than two units is one about a value, which no decision can break that a side had not broken.
 */
export function readInvariants(
  { source, report, segments }: { readonly source: YamlSource; readonly report: Report; readonly segments: Segments },
  readable: readonly EarlierUnit[],
): readonly Invariant[] {
  const written = valueAt(source.value, ['invariants']);
  if (!Array.isArray(written)) return [];
  return written.flatMap((text, index): Invariant[] => {
    if (typeof text !== 'string') return [];
    const path = ['invariants', index];
    const expression = readCondition({ source, report, path, segments }, text, readable, unitNames(source), {
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
