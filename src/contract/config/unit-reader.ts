import type { z } from 'zod';
import { type SideName, type UnitName, unitName } from '../../core/ids.js';
import type { Authority, PlainAuthority, Policy, StrayRule, UnitRules } from '../../core/rules.js';
import type { FieldUse, Side } from './field-use.js';
import { readCondition } from './condition-reader.js';
import { readPolicy } from './policy-reader.js';
import { readReference } from './reference-reader.js';
import type { Report } from './problems.js';
import {
  conflictsSchema,
  eitherUnitSchema,
  masterUnitSchema,
  type BranchInput,
  type ConflictInput,
  type PolicyInput,
} from './schema.js';
import { isMapping, valueAt } from './shape-problems.js';
import { namePattern } from './side-reader.js';
import { didYouMean, nearest, quoted } from './suggest.js';
import { compiledSame, readForms } from './list-reader.js';
import { readStores } from './stores-reader.js';
import { sameDefaults, samePossible, unitSettings } from './words.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type UnitContext = {
  readonly source: YamlSource;
  readonly report: Report;
  /** The sides that could be read; `declared` also names those that could not. */
  readonly sides: readonly Side[];
  readonly declared: readonly string[];
  /** What is done with edits that are not the master's, where a unit does not say. */
  readonly stray: StrayRule;
  /** What stands before a unit in the file: conditions read nothing else. */
  readonly earlier?: readonly (ReadUnit | null)[];
};

/** A unit with everything that was read of it; `rules` is missing after a problem. */
export type ReadUnit = {
  readonly name: UnitName;
  readonly heading: string;
  readonly path: YamlPath;
  readonly mapped: readonly Side[];
  readonly uses: readonly FieldUse[];
  readonly rules: UnitRules | undefined;
};

type MasterUnit = z.output<typeof masterUnitSchema>;
type EitherUnit = z.output<typeof eitherUnitSchema>;

/** Every unit under every heading, in the order of the file. A unit that could not be read is null. */
export function readUnits(context: UnitContext): ReadonlyMap<string, ReadUnit | null> {
  const { source, report, declared } = context;
  const units = new Map<string, ReadUnit | null>();
  const firstHeading = new Map<string, string>();
  const masters = valueAt(source.value, ['masters']);
  if (!isMapping(masters)) return units;
  for (const [heading, group] of Object.entries(masters)) {
    if (heading !== 'either' && !declared.includes(heading)) {
      report(
        'config.unknown_side',
        source.keyRange(['masters', heading]),
        `${quoted(heading)} is not a side of this pair`,
        {
          hint: didYouMean(heading, [...declared, 'either']),
        },
      );
    }
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
  const parsed = heading === 'either' ? eitherUnitSchema.safeParse(raw) : masterUnitSchema.safeParse(raw);
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
  const unit = { name, heading, path, mapped, uses, rules: undefined };
  // A side that could not be read, or does not exist, is already reported; what follows from that is not news.
  const isRead = (side: string): boolean => context.sides.some((known) => known.name === side);
  const isMissing = (key: string): boolean => context.declared.includes(key) && !isRead(key);
  if ((heading !== 'either' && !isRead(heading)) || Object.keys(raw).some(isMissing)) return unit;
  const fits = reportMisfits(context, unit, paths, as, parsed.data.same);
  const authority = readAuthority(context, unit, parsed.data);
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

function readAuthority(context: UnitContext, unit: ReadUnit, data: MasterUnit | EitherUnit): Authority | undefined {
  const { heading } = unit;
  const master = unit.mapped.find((side) => side.name === heading);
  if (heading !== 'either') {
    if (master === undefined) return undefined;
    const { stray, blank } = data as MasterUnit;
    if (!mayPropose(context, unit, data as MasterUnit)) return undefined;
    return { kind: 'master', side: master.name, stray: stray ?? context.stray, blank: blank ?? 'keeps' };
  }
  const either = data as EitherUnit;
  const { conflict, blank } = either;
  if (typeof conflict === 'object' && 'when' in conflict) return readWhen(context, unit, either, conflict);
  const policy =
    conflict === undefined ? readDefaultPolicy(context, unit, either) : readUnitPolicy(context, unit, either, conflict);
  return policy === undefined ? undefined : { kind: 'either', policy, blank: blank ?? 'value' };
}

/** Who decides by a condition on the record: one authority where it holds, another where it does not. */
function readWhen(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  conflict: Extract<ConflictInput, { readonly when: string }>,
): Authority | undefined {
  const { source, report, earlier = [] } = context;
  const path = [...unit.path, 'conflict'];
  const readable = earlier.flatMap((before) =>
    before?.rules === undefined
      ? []
      : [{ name: before.name, as: before.rules.as, isGroup: before.uses.length > before.mapped.length }],
  );
  const masters = valueAt(source.value, ['masters']);
  const all = Object.values(isMapping(masters) ? masters : {}).flatMap((group) =>
    isMapping(group) ? Object.keys(group) : [],
  );
  const condition = readCondition({ source, report, path: [...path, 'when'] }, conflict.when, readable, all);
  const use = readBranch(context, unit, data, conflict.use, [...path, 'use']);
  const otherwise = readBranch(context, unit, data, conflict.else, [...path, 'else']);
  if (condition === undefined || use === undefined || otherwise === undefined) return undefined;
  return { kind: 'when', condition, use, else: otherwise, onFlip: conflict.on_flip ?? 'nothing' };
}

function readBranch(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  input: BranchInput,
  path: YamlPath,
): PlainAuthority | undefined {
  if (typeof input === 'string' || !('master' in input)) {
    const policy = readUnitPolicy(context, unit, data, input, path);
    return policy === undefined ? undefined : { kind: 'either', policy, blank: data.blank ?? 'value' };
  }
  const master = unit.mapped.find((side) => side.name === input.master);
  if (master !== undefined)
    return { kind: 'master', side: master.name, stray: input.stray ?? context.stray, blank: 'keeps' };
  const range = context.source.valueRange([...path, 'master']);
  context.report(
    'config.unknown_side',
    range,
    `${quoted(input.master)} is no side with a field in ${quoted(unit.name)}`,
    {
      hint: didYouMean(
        input.master,
        unit.mapped.map(({ name }) => name),
      ),
    },
  );
  return undefined;
}

/** Joined text cannot be split again, so nobody could grant it. */
function mayPropose({ source, report, stray }: UnitContext, unit: ReadUnit, data: MasterUnit): boolean {
  if (data.as !== 'join' || (data.stray ?? stray) !== 'propose') return true;
  const range = data.stray === undefined ? source.keyRange(unit.path) : source.valueRange([...unit.path, 'stray']);
  report(
    'config.rule_not_here',
    range,
    `joined text cannot be taken over, so an edit of ${quoted(unit.name)} cannot be proposed`,
    {
      hint: 'write stray: restore or stray: leave for this unit',
    },
  );
  return false;
}

function readUnitPolicy(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  input: PolicyInput,
  path?: YamlPath,
): Policy | undefined {
  return readPolicy(
    {
      source: context.source,
      report: context.report,
      path: path ?? [...unit.path, 'conflict'],
      sides: context.declared,
      mapped: unit.mapped,
      unit: unit.name,
      as: data.as ?? 'text',
      same: compiledSame(data.as ?? 'text', data.same ?? sameDefaults[data.as ?? 'text']),
      isGroup: unit.uses.length > unit.mapped.length,
      isBranch: path?.at(-1) === 'use' || path?.at(-1) === 'else',
      blank: data.blank,
    },
    input,
  );
}

function readDefaultPolicy(context: UnitContext, unit: ReadUnit, data: EitherUnit): Policy | undefined {
  const conflicts = conflictsSchema.safeParse(valueAt(context.source.value, ['conflicts']));
  const input = conflicts.success ? (conflicts.data.default ?? 'ask') : 'ask';
  return readUnitPolicy(context, unit, data, input, ['conflicts', 'default']);
}
