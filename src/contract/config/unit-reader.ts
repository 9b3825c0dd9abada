import { type SideName, type UnitName, unitName } from '../../core/ids.js';
import type { UnitRules } from '../../core/rules.js';
import { readAuthority } from './authority-reader.js';
import type { FieldUse, Side } from './field-use.js';
import { compiledSame, readForms } from './list-reader.js';
import type { Report } from './problems.js';
import type { ReadUnit, UnitContext } from './read-unit.js';
import { readReference } from './reference-reader.js';
import { eitherUnitSchema, masterUnitSchema, segmentUnitSchema } from './schema.js';
import { isMapping, valueAt } from './shape-problems.js';
import { namePattern } from './side-reader.js';
import { didYouMean, nearest, quoted } from './suggest.js';
import { readStores } from './stores-reader.js';
import { sameDefaults, samePossible, unitSettings } from './words.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

/** Every unit under every heading, in the order of the file. A unit that could not be read is null. */
export function readUnits(context: UnitContext): ReadonlyMap<string, ReadUnit | null> {
  const { source, report } = context;
  const units = new Map<string, ReadUnit | null>();
  const firstHeading = new Map<string, string>();
  const masters = valueAt(source.value, ['masters']);
  if (!isMapping(masters)) return units;
  for (const [heading, group] of Object.entries(masters)) {
    reportHeading(context, heading);
    if (!isMapping(group)) continue;
    for (const written of Object.keys(group)) {
      const path = ['masters', heading, written];
      const before = firstHeading.get(written);
      if (before !== undefined) {
        report('config.two_masters', source.keyRange(path), `${quoted(written)} already stands under "${before}"`, {
          hint: 'one heading decides a unit: remove one of the two',
        });
        continue;
      }
      firstHeading.set(written, heading);
      units.set(written, readUnit({ ...context, earlier: [...units.values()] }, heading, written, path));
    }
  }
  if (units.size === 0) {
    report(
      'config.missing_key',
      source.keyRange(['masters']),
      'no unit stands under "masters", so the pair has nothing to do',
      {
        hint: 'add a line such as: either: { name: { crm: name, erp: name } }',
      },
    );
  }
  return units;
}

/** A heading says who decides: a side, either, or a segment that says it for both of its cases. */
function reportHeading({ source, report, declared, segments }: UnitContext, heading: string): void {
  if (heading === 'either' || declared.includes(heading)) return;
  const range = source.keyRange(['masters', heading]);
  const segment = segments.get(heading);
  if (segment === undefined)
    report('config.unknown_side', range, `${quoted(heading)} is not a side of this pair`, {
      hint: didYouMean(heading, [...declared, 'either', ...segments.keys()]),
    });
  else if (segment.heading === null)
    report(
      'config.rule_not_here',
      range,
      `the segment ${quoted(heading)} does not say who decides in it and elsewhere`,
      {
        hint: `write ${heading}: { when: …, use: { master: SIDE }, else: { master: SIDE } } under "segments"`,
      },
    );
}

function readUnit(context: UnitContext, heading: string, written: string, path: YamlPath): ReadUnit | null {
  const { source, report } = context;
  const raw = valueAt(source.value, path);
  let name: UnitName | undefined;
  try {
    name = unitName(written);
  } catch {
    report('config.bad_name', source.keyRange(path), `${quoted(written)} cannot be the name of a unit`, {
      hint: namePattern,
    });
  }
  if (!isMapping(raw)) return null;
  reportUnknownKeys(context, raw, path);
  const segment = context.segments.get(heading);
  // Under a segment every side may decide, for some record.
  const isOpen = heading === 'either' || segment !== undefined;
  const schema = segment !== undefined ? segmentUnitSchema : isOpen ? eitherUnitSchema : masterUnitSchema;
  const parsed = schema.safeParse(raw);
  if (name === undefined || !parsed.success) return null;
  const as = parsed.data.as ?? 'text';
  const paths: { [side: SideName]: readonly string[] } = {};
  const mapped: Side[] = [];
  const uses: FieldUse[] = [];
  for (const side of context.sides) {
    const fields = parsed.data[side.name] as string | readonly string[] | undefined;
    if (fields === undefined) continue;
    const list = typeof fields === 'string' ? [fields] : fields;
    paths[side.name] = list;
    mapped.push(side);
    list.forEach((field, index) => {
      const range = source.valueRange(typeof fields === 'string' ? [...path, side.name] : [...path, side.name, index]);
      const unit = {
        name: written,
        as,
        asWritten: parsed.data.as !== undefined,
        isSum: parsed.data.conflict === 'delta',
      };
      uses.push({ kind: 'unit', side, field, range, written: heading !== side.name, unit });
    });
  }
  const unit = { name, heading: isOpen ? 'either' : heading, path, as, mapped, uses, rules: undefined };
  // A side that could not be read, or does not exist, is already reported; what follows from that is not news.
  const isRead = (side: string): boolean => context.sides.some((known) => known.name === side);
  const isMissing = (key: string): boolean => context.declared.includes(key) && !isRead(key);
  if ((!isOpen && !isRead(heading)) || Object.keys(raw).some(isMissing)) return unit;
  const fits = reportMisfits(context, unit, paths, as, parsed.data.same);
  const authority = readAuthority(context, unit, parsed.data, segment);
  const forms = readForms(context, unit, as, parsed.data.form);
  const reference = readReference(context, unit, as, parsed.data);
  const isSum = parsed.data.conflict === 'delta';
  const stores = readStores(context, unit, { as, paths, isSum, stores: parsed.data.stores });
  if (!fits || authority === undefined || forms === undefined || reference === undefined || stores === undefined)
    return unit;
  const place = `${source.file}:${source.keyRange(path).line}`;
  const same = compiledSame(as, parsed.data.same ?? sameDefaults[as]);
  const rules: UnitRules = { name, authority, paths, as, same, ...(stores === null ? {} : { stores }), place };
  if (reference !== null) return { ...unit, rules: { ...rules, reference } };
  return { ...unit, rules: as === 'list' ? { ...rules, forms } : rules };
}

function reportUnknownKeys(
  { source, report, declared }: UnitContext,
  raw: { readonly [key: string]: unknown },
  path: YamlPath,
): void {
  const unit = quoted(String(path.at(-1)));
  for (const key of Object.keys(raw)) {
    if (declared.includes(key) || unitSettings.some((setting) => setting === key)) continue;
    const range = source.keyRange([...path, key]);
    if (key === 'when') {
      report('config.rule_not_here', range, 'a condition ("when") stands under "conflict", with what follows from it', {
        hint: 'put the unit under "either" and write conflict: { when: …, use: …, else: … }',
      });
    } else if (nearest(key, declared) === undefined && nearest(key, unitSettings) !== undefined) {
      report('config.unknown_key', range, `${quoted(key)} is not a setting of ${unit}`, {
        hint: didYouMean(key, unitSettings),
      });
    } else {
      report('config.unknown_side', range, `${quoted(key)} is neither a side of this pair nor a setting of ${unit}`, {
        hint: didYouMean(key, [...declared, ...unitSettings]),
      });
    }
  }
}

type UnitPaths = { readonly [side: SideName]: readonly string[] };

/** Checks that the sides' fields can carry one value; true when they can. */
function reportMisfits(
  { source, report }: UnitContext,
  unit: ReadUnit,
  paths: UnitPaths,
  as: UnitRules['as'],
  same: UnitRules['same'] | undefined,
): boolean {
  const { path, heading, mapped } = unit;
  const name = quoted(unit.name);
  if (same !== undefined && !samePossible[as].includes(same)) {
    report(
      'config.rule_not_here',
      source.valueRange([...path, 'same']),
      `"same: ${same}" cannot compare values of type ${as}`,
      {
        hint: `possible with ${as}: ${samePossible[as].join(', ')}`,
      },
    );
    return false;
  }
  if (mapped.length < 2) {
    report('config.too_few_sides', source.keyRange(path), `${name} has a field on fewer than two sides`, {
      hint: 'name the field of the other side as well',
    });
    return false;
  }
  const master = mapped.find((side) => side.name === heading);
  if (heading !== 'either' && master === undefined) {
    report('config.side_not_mapped', source.keyRange(path), `${heading} decides ${name} but has no field in it`, {
      hint: `add the field of ${heading}, or move the line under another heading`,
    });
    return false;
  }
  if (as === 'join') return reportJoin(source, report, unit, paths, master);
  // How many fields a key has is for each side's own key to say (reference-reader.ts).
  if (as === 'reference') return true;
  const [first, ...others] = mapped;
  const count = (side: Side | undefined): number => (side === undefined ? 0 : (paths[side.name]?.length ?? 0));
  const odd = others.find((side) => count(side) !== count(first));
  if (odd === undefined || first === undefined) return true;
  const numbers = `${count(first)} on ${first.name}, ${count(odd)} on ${odd.name}`;
  report(
    'config.group_mismatch',
    source.valueRange([...path, odd.name]),
    `${name} has a different number of fields: ${numbers}`,
    {
      hint: 'list the fields in the same order on every side, or write "as: join" under the side that has the parts',
    },
  );
  return false;
}

/** Parts can be joined but joined text cannot be split, so the master has the parts and the others have one field. */
function reportJoin(
  source: YamlSource,
  report: Report,
  { path, heading, mapped }: ReadUnit,
  paths: UnitPaths,
  master: Side | undefined,
): boolean {
  const wide = mapped.find((side) => side !== master && paths[side.name]?.length !== 1);
  if (wide !== undefined) {
    report(
      'config.group_mismatch',
      source.valueRange([...path, wide.name]),
      `joined text goes into one field of ${wide.name}`,
      {
        hint: 'name one field here; the parts stand on the side that decides',
      },
    );
    return false;
  }
  if (master === undefined || (paths[master.name]?.length ?? 0) > 1) return true;
  report(
    'config.group_mismatch',
    source.valueRange([...path, heading]),
    `"as: join" needs several fields of ${heading}`,
    {
      hint: 'list the parts in order, such as [street, city], or remove "as: join"',
    },
  );
  return false;
}
