import type { SideName } from '../../core/ids.js';
import type { ArchiveMark, ArchiveRule } from '../../core/rules.js';
import type { FieldUse, Side } from './field-use.js';
import type { Report } from './problems.js';
import { archiveSchema } from './archive-schema.js';
import { deletesSchema } from './schema.js';
import { valueAt } from './shape-problems.js';
import { quoted } from './suggest.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type Context = { readonly source: YamlSource; readonly report: Report };
export type Archives = {
  readonly rules: ReadonlyMap<SideName, ArchiveRule>;
  /** The fields that are written, so that one that is not there, or cannot be written, is told with its place. */
  readonly uses: readonly FieldUse[];
};

/**
 * How each side archives records. A field that no unit has says what it holds again when the record is back; of a unit's
 * field that is what it held before. A field that `only:` reads would make an archived record one that is not meant.
 */
export function readArchives(context: Context, sides: readonly Side[], unitUses: readonly FieldUse[]): Archives {
  const rules = new Map<SideName, ArchiveRule>();
  const uses: FieldUse[] = [];
  for (const side of sides) {
    const path: YamlPath = ['systems', side.name, 'archive'];
    const written = valueAt(context.source.value, path);
    const parsed = archiveSchema.safeParse(written);
    if (written === undefined || !parsed.success) continue;
    const { set, restore = {} } = parsed.data;
    const mapped = new Set(unitUses.filter((use) => use.side.name === side.name).map(({ field }) => field));
    for (const field of Object.keys(set)) {
      reportField(context, side, field, { path: [...path, 'set', field], mapped, restore, value: set[field] });
      const range = context.source.keyRange([...path, 'set', field]);
      uses.push({ kind: 'archive', side, field, range, written: true });
    }
    if (Object.keys(set).length === 0)
      context.report('config.missing_key', context.source.valueRange([...path, 'set']), 'no field is set', {
        hint: 'name a field that says it, such as set: { status: archived }',
      });
    for (const field of Object.keys(restore)) reportRestore(context, field, { path, mapped, set });
    const marks = Object.entries(set).map(([field, value]): [string, ArchiveMark] => [
      field,
      value === 'now' ? { kind: 'now' } : { kind: 'value', value },
    ]);
    rules.set(side.name, { set: Object.fromEntries(marks), restore });
  }
  reportArchiveless(context, sides, rules);
  return { rules, uses };
}

function reportField(
  { source, report }: Context,
  side: Side,
  field: string,
  {
    path,
    mapped,
    restore,
    value,
  }: { path: YamlPath; mapped: ReadonlySet<string>; restore: { readonly [field: string]: unknown }; value: unknown },
): void {
  const range = source.keyRange(path);
  const name = quoted(field);
  if (side.key.includes(field)) {
    report('config.key_mapped', range, `${name} is the key of ${side.name}, which is written on create only`, {
      hint: 'archive by another field',
    });
  } else if (side.only?.some((condition) => condition.field === field) === true) {
    report(
      'config.rule_not_here',
      range,
      `"only" of ${side.name} reads ${name}: an archived record would not be meant`,
      {
        hint: 'archive by another field, or leave archived records in "only"',
      },
    );
  } else if (value !== 'now' && !mapped.has(field) && !Object.hasOwn(restore, field)) {
    report('config.missing_key', range, `nothing says what ${name} holds when the record is back`, {
      hint: `write it beside set: restore: { ${field}: … }`,
    });
  }
}

function reportRestore(
  { source, report }: Context,
  field: string,
  { path, mapped, set }: { path: YamlPath; mapped: ReadonlySet<string>; set: { readonly [field: string]: unknown } },
): void {
  const range = source.keyRange([...path, 'restore', field]);
  if (!Object.hasOwn(set, field)) {
    report('config.rule_not_here', range, `${quoted(field)} is not set when a record is archived`, {
      hint: 'remove it here, or add it to set',
    });
  } else if (mapped.has(field)) {
    report('config.rule_not_here', range, `${quoted(field)} belongs to a unit, which says what it holds again`, {
      hint: 'remove it here: it gets what it held before',
    });
  }
}

/** Where a record that was deleted on this side is to be archived, every other side says how. */
function reportArchiveless({ source, report }: Context, sides: readonly Side[], rules: Archives['rules']): void {
  const parsed = deletesSchema.safeParse(valueAt(source.value, ['deletes']));
  if (!parsed.success) return;
  for (const side of sides) {
    if (parsed.data[side.name] !== 'archive') continue;
    const silent = sides.find(({ name }) => name !== side.name && !rules.has(name));
    if (silent === undefined || valueAt(source.value, ['systems', silent.name, 'archive']) !== undefined) continue;
    report(
      'config.missing_key',
      source.valueRange(['deletes', side.name]),
      `a record that was deleted on ${side.name} is archived on ${silent.name}, and nothing says how`,
      { hint: `write it under systems: ${silent.name}: { …, archive: { set: { status: archived } } }` },
    );
  }
}
