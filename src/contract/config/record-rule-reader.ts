import type { SideName } from '../../core/ids.js';
import type { ByRecord, CreateRule, DeleteRule, EditedRule, RefusedRule } from '../../core/rules.js';
import { readCondition, type EarlierUnit } from './condition-reader.js';
import type { Side } from './field-use.js';
import type { Report } from './problems.js';
import { createsSchema, deletesSchema, refusedSchema } from './schema.js';
import type { Segments } from './segment.js';
import { unitNames } from './segment-reader.js';
import { isMapping, valueAt } from './shape-problems.js';
import { didYouMean, quoted } from './suggest.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type RecordRuleContext = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly sides: readonly Side[];
  readonly segments: Segments;
  /** Every unit: what is decided about a record comes after all of them. Null after a problem with one. */
  readonly units: readonly EarlierUnit[] | null;
};

/** A side's rules about whole records, as far as the file has them. */
type ReadRecordRules = {
  readonly creates: ByRecord<CreateRule>;
  readonly deletes: ByRecord<DeleteRule>;
  readonly edited?: ByRecord<EditedRule>;
  readonly refused?: ByRecord<RefusedRule>;
};

/** What happens with records that are new, deleted or refused, by side; `ask` where nothing is written. */
export function readRecordRules(context: RecordRuleContext): (side: SideName) => ReadRecordRules {
  const { source, sides } = context;
  reportUnknownSides(context, 'creates', []);
  reportUnknownSides(context, 'deletes', ['limit', 'edited']);
  reportUnknownSides(context, 'refused', []);
  const creates = createsSchema.safeParse(valueAt(source.value, ['creates'])).data ?? {};
  const deletes = deletesSchema.safeParse(valueAt(source.value, ['deletes'])).data ?? {};
  const refused = refusedSchema.safeParse(valueAt(source.value, ['refused'])).data ?? {};
  const edited = readRule(context, deletes['edited'], ['deletes', 'edited']);
  const bySide = new Map(
    sides.map(({ name }): [SideName, ReadRecordRules] => {
      const left = readRule(context, refused[name], ['refused', name]);
      const read: ReadRecordRules = {
        creates: readRule(context, creates[name], ['creates', name]) ?? 'ask',
        deletes: readRule(context, deletes[name], ['deletes', name]) ?? 'ask',
        ...(edited === undefined ? {} : { edited }),
        ...(left === undefined ? {} : { refused: left }),
      };
      return [name, read];
    }),
  );
  return (side) => bySide.get(side) ?? { creates: 'ask', deletes: 'ask' };
}

type Written<Rule extends string> = Rule | { readonly when: string; readonly use: Rule; readonly else: Rule };

function readRule<Rule extends string>(
  { source, report, segments, units }: RecordRuleContext,
  written: Written<Rule> | undefined,
  path: YamlPath,
): ByRecord<Rule> | undefined {
  if (written === undefined || typeof written === 'string') return written;
  if (units === null) return undefined;
  const place = { source, report, segments, path: [...path, 'when'] };
  const when = readCondition(place, written.when, units, unitNames(source), {
    hint: 'a rule about records reads single fields: no group, no joined text and no reference',
  });
  return when === undefined ? undefined : { when, use: written.use, else: written.else };
}

/** Reports keys of a section that are neither declared sides nor settings of the section. */
function reportUnknownSides(
  { source, report, sides }: RecordRuleContext,
  section: 'creates' | 'deletes' | 'refused',
  settings: readonly string[],
): void {
  const value = valueAt(source.value, [section]);
  if (!isMapping(value)) return;
  const systems = valueAt(source.value, ['systems']);
  const declared = isMapping(systems) ? Object.keys(systems) : [];
  for (const written of Object.keys(value)) {
    if (settings.includes(written) || declared.includes(written)) continue;
    report(
      'config.unknown_side',
      source.keyRange([section, written]),
      `${quoted(written)} is not a side of this pair`,
      {
        hint: didYouMean(written, [...sides.map((side) => side.name), ...settings]),
      },
    );
  }
}
