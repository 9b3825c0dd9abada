import type { z } from 'zod';
import type { SideName } from '../../core/ids.js';
import type { Authority, BlankRule, PlainAuthority, Policy, StrayRule } from '../../core/rules.js';
import { readCondition } from './condition-reader.js';
import { compiledSame } from './list-reader.js';
import { readPolicy } from './policy-reader.js';
import type { ReadUnit, UnitContext } from './read-unit.js';
import {
  conflictsSchema,
  type BranchInput,
  type eitherUnitSchema,
  type masterUnitSchema,
  type PolicyInput,
} from './schema.js';
import type { Segment, SegmentHeading } from './segment.js';
import { unitNames } from './segment-reader.js';
import { valueAt } from './shape-problems.js';
import { quoted } from './suggest.js';
import { reportUnmapped } from './unmapped-side.js';
import { sameDefaults } from './words.js';
import type { YamlPath } from './yaml-source.js';

type MasterUnit = z.output<typeof masterUnitSchema>;
type EitherUnit = z.output<typeof eitherUnitSchema>;

/** Who decides a unit: as its heading says, and what stands in it; undefined after a problem. */
export function readAuthority(
  context: UnitContext,
  unit: ReadUnit,
  data: MasterUnit | EitherUnit,
  segment: Segment | undefined,
): Authority | undefined {
  if (unit.heading !== 'either') {
    const master = unit.mapped.find((side) => side.name === unit.heading);
    if (master === undefined || !mayPropose(context, unit, data as MasterUnit)) return undefined;
    return readMaster(context, unit, master.name, data as MasterUnit, unit.path);
  }
  const either = data as EitherUnit;
  if (segment !== undefined) {
    const { heading, name } = segment;
    if (heading === null) return undefined;
    return readWhen(context, unit, either, { ...heading, when: name }, ['segments', name]);
  }
  const { conflict } = either;
  const path = [...unit.path, 'conflict'];
  if (typeof conflict === 'object' && 'when' in conflict) return readWhen(context, unit, either, conflict, path);
  if (conflict !== undefined) return readEither(context, unit, either, conflict, path);
  const conflicts = conflictsSchema.safeParse(valueAt(context.source.value, ['conflicts']));
  const input = conflicts.success ? (conflicts.data.default ?? 'ask') : 'ask';
  return readEither(context, unit, either, input, ['conflicts', 'default']);
}

/** Who decides by a condition on the record: one authority where it holds, another where it does not. */
function readWhen(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  input: SegmentHeading,
  path: YamlPath,
): Authority | undefined {
  const { source, report, segments, earlier = [] } = context;
  const readable = earlier.flatMap((before) =>
    before?.rules === undefined
      ? []
      : [{ name: before.name, as: before.rules.as, isGroup: before.uses.length > before.mapped.length }],
  );
  const isHeading = path[0] === 'segments';
  // What a heading reads stands before each unit under it: a fault is told at the unit.
  const place = isHeading ? unit.path : [...path, 'when'];
  const condition = readCondition({ source, report, path: place, segments }, input.when, readable, unitNames(source));
  const use = readBranch(context, unit, data, input.use, [...path, 'use']);
  const otherwise = readBranch(context, unit, data, input.else, [...path, 'else']);
  if (condition === undefined || use === undefined || otherwise === undefined) return undefined;
  return { kind: 'when', condition, use, else: otherwise, onFlip: input.on_flip ?? 'nothing' };
}

function readBranch(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  input: BranchInput,
  path: YamlPath,
): PlainAuthority | undefined {
  if (typeof input === 'string' || !('master' in input)) return readEither(context, unit, data, input, path);
  const master = unit.mapped.find((side) => side.name === input.master);
  if (master !== undefined) return readMaster(context, unit, master.name, input, path);
  reportUnmapped(context, unit, input.master, { path: [...path, 'master'], at: 'value' });
  return undefined;
}

function readMaster(
  context: UnitContext,
  unit: ReadUnit,
  master: SideName,
  { stray, blank }: Pick<MasterUnit, 'stray' | 'blank'>,
  path: YamlPath,
): PlainAuthority | undefined {
  const rules = bySide(context, unit, stray, [...path, 'stray']);
  if (rules === undefined) return undefined;
  const own = rules[master];
  if (own !== undefined) {
    const range = context.source.keyRange([...path, 'stray', master]);
    context.report(
      'config.rule_not_here',
      range,
      `${master} decides ${quoted(unit.name)}: no edit there is a stray edit`,
      {
        hint: 'remove it; name the sides whose edits are stray',
      },
    );
    return undefined;
  }
  const rest: StrayRule = typeof stray === 'string' ? stray : context.stray;
  const strayOn = Object.keys(rules).length === 0 ? {} : { strayOn: rules };
  return { kind: 'master', side: master, stray: rest, ...strayOn, blank: blank ?? 'keeps' };
}

function readEither(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  input: PolicyInput,
  path: YamlPath,
): PlainAuthority | undefined {
  const policy = readUnitPolicy(context, unit, data, input, path);
  const first = readFirst(context, unit, data, input);
  const blanks = bySide<BlankRule>(context, unit, data.blank, [...unit.path, 'blank']);
  if (policy === undefined || first === undefined || blanks === undefined) return undefined;
  return {
    kind: 'either',
    policy,
    ...(first === null ? {} : { first }),
    blank: typeof data.blank === 'string' ? data.blank : 'value',
    ...(Object.keys(blanks).length === 0 ? {} : { blankOn: blanks }),
  };
}

/** What decides when records meet: what the unit says, else what the file says; null where nothing does. */
function readFirst(
  context: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  conflict: PolicyInput,
): Policy | null | undefined {
  if (data.first !== undefined) {
    const path = [...unit.path, 'first'];
    if (conflict !== 'delta') return readUnitPolicy(context, unit, data, data.first, path);
    context.report(
      'config.rule_not_here',
      context.source.keyRange(path),
      `numbers under "delta" that differ when they meet are asked`,
      {
        hint: 'remove "first"; where they are equal, or one is blank, nobody is asked',
      },
    );
    return undefined;
  }
  const conflicts = conflictsSchema.safeParse(valueAt(context.source.value, ['conflicts']));
  const input = conflicts.success ? conflicts.data.first : undefined;
  if (input === undefined || conflict === 'delta') return null;
  return readUnitPolicy(context, unit, data, input, ['conflicts', 'first']);
}

/** Rules by side, where a word for all of them is not enough; undefined after reporting a side that has no field in the unit. */
function bySide<Rule extends string>(
  place: UnitContext,
  unit: ReadUnit,
  written: Rule | { readonly [side: string]: Rule } | undefined,
  path: YamlPath,
): { readonly [side: SideName]: Rule } | undefined {
  if (written === undefined || typeof written === 'string') return {};
  const rules: { [side: SideName]: Rule } = {};
  for (const [name, rule] of Object.entries(written)) {
    const side = unit.mapped.find((mapped) => mapped.name === name);
    if (side !== undefined) {
      rules[side.name] = rule;
      continue;
    }
    reportUnmapped(place, unit, name, { path: [...path, name], at: 'key' });
    return undefined;
  }
  return rules;
}

/** Joined text cannot be split again, so nobody could grant it. */
function mayPropose({ source, report, stray }: UnitContext, unit: ReadUnit, data: MasterUnit): boolean {
  const rules = typeof data.stray === 'object' ? Object.values(data.stray) : [data.stray ?? stray];
  if (data.as !== 'join' || !rules.includes('propose')) return true;
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
  { source, report, declared }: UnitContext,
  unit: ReadUnit,
  data: EitherUnit,
  input: PolicyInput,
  path: YamlPath,
): Policy | undefined {
  const as = data.as ?? 'text';
  return readPolicy(
    {
      source,
      report,
      path,
      sides: declared,
      mapped: unit.mapped,
      unit: unit.name,
      as,
      same: compiledSame(as, data.same ?? sameDefaults[as]),
      isGroup: unit.uses.length > unit.mapped.length,
      isBranch: path.at(-1) === 'use' || path.at(-1) === 'else',
      isFirst: path.at(-1) === 'first',
      blank: typeof data.blank === 'object' ? 'value by side' : data.blank,
    },
    input,
  );
}
