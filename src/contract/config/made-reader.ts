import type { FieldUse, Side } from './field-use.js';
import type { Report } from './problems.js';
import { quoted } from './suggest.js';
import type { YamlSource } from './yaml-source.js';

/** The fields of `made:`, so that one that is not there is told with its place. */
export function madeUses(
  { source }: { readonly source: YamlSource },
  written: string,
  side: Side,
): readonly FieldUse[] {
  if (side.made === undefined) return [];
  const range = source.valueRange(['systems', written, 'made']);
  return [{ kind: 'made', side, field: side.made, range, written: false }];
}

/**
 * A mark of its making is a system's own: what we write would say when we wrote it. Nor is the key one: it is what the mark
 * tells apart. A field that its side alone decides is only read there, and may be both.
 */
export function reportMade(report: Report, uses: readonly FieldUse[]): void {
  for (const { side, field, range } of uses.filter(({ kind }) => kind === 'made')) {
    const hint = 'name the field that the system fills when a record is made, such as created_at; or remove "made"';
    if (side.key.includes(field)) {
      const message = `${quoted(field)} is the key of ${side.name}: it is the same for a record that was made anew with it`;
      report('config.key_mapped', range, message, { hint });
      continue;
    }
    const writer = uses.find((use) => use.side.name === side.name && use.written && overlaps(side, use.field, field));
    if (writer === undefined) continue;
    const place = `line ${writer.range.line}`;
    const who =
      writer.kind === 'archive'
        ? `archiving writes (${place})`
        : `${quoted(writer.unit?.name ?? '')} writes (${place})`;
    report(
      'config.two_writers',
      range,
      `${side.name}.${field} is a field that ${who}, and no mark of the system's own`,
      {
        hint,
      },
    );
  }
}

/** `a.b` is a part of `a`, but for a file of rows. */
function overlaps({ connector }: Side, one: string, other: string): boolean {
  if (one === other) return true;
  return connector !== 'csv' && (one.startsWith(`${other}.`) || other.startsWith(`${one}.`));
}
