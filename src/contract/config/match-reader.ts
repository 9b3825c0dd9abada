import type { SideName, UnitName } from '../../core/ids.js';
import type { MatchRule } from '../../core/rules.js';
import type { FieldUse, Side } from './field-use.js';
import { readAlike, readWeighed, type WeighWritten } from './likeness-reader.js';
import type { Report } from './problems.js';
import { didYouMean, quoted } from './suggest.js';
import type { YamlSource } from './yaml-source.js';

type MatchContext = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly sides: readonly Side[];
  /** The sides of each unit that the file declares; null when a unit could not be read. */
  readonly units: ReadonlyMap<
    string,
    { readonly name: UnitName; readonly sides: readonly SideName[]; readonly isReference: boolean } | null
  >;
};

type Part = { readonly text: string; readonly at: number };

const forms = 'write side.field = side.field, or shared names such as email + country';

/** Compiles the match rules in the order of the file, with the native fields that they read. */
export function readMatch(
  context: MatchContext,
  rules: readonly (string | WeighWritten)[],
): { rules: readonly MatchRule[]; uses: readonly FieldUse[] } {
  const compiled: MatchRule[] = [];
  const uses: FieldUse[] = [];
  rules.forEach((rule, index) => {
    if (typeof rule !== 'string') {
      const weighed = readWeighed(context, rule, index);
      if (weighed !== undefined) compiled.push(weighed);
    } else if (rule.includes('~')) {
      const alike = readAlike(context, rule, index);
      if (alike !== undefined) compiled.push(alike);
    } else if (rule.includes('=')) {
      const certain = readCertain(context, rule, index, uses);
      if (certain !== undefined) compiled.push(certain);
    } else {
      const likely = readLikely(context, rule, index);
      if (likely !== undefined) compiled.push(likely);
    }
  });
  if (rules.length > 0 && compiled.length === rules.length) reportUnmatched(context, compiled);
  return { rules: compiled, uses };
}

/** The parts between separators, trimmed, with the offset of each within the text. */
function split(text: string, separator: string): readonly Part[] {
  let at = 0;
  return text.split(separator).map((raw) => {
    const part = { text: raw.trim(), at: at + (raw.length - raw.trimStart().length) };
    at += raw.length + separator.length;
    return part;
  });
}

function readCertain(context: MatchContext, rule: string, index: number, uses: FieldUse[]): MatchRule | undefined {
  const { source, report, sides } = context;
  const place = ['match', index];
  const parts = split(rule, '=');
  const [left, right] = parts;
  if (left === undefined || right === undefined || parts.length !== 2) {
    report('config.bad_match', source.valueRange(place), 'a rule compares two fields with one "="', {
      hint: 'write one rule for each comparison: crm.id = erp.crm_id',
    });
    return undefined;
  }
  const fields: { [side: SideName]: readonly string[] } = {};
  for (const part of [left, right]) {
    const range = source.textRange(place, part.at, part.text.length);
    const dot = part.text.indexOf('.');
    const written = dot === -1 ? part.text : part.text.slice(0, dot);
    const field = dot === -1 ? '' : part.text.slice(dot + 1);
    const side = sides.find((candidate) => candidate.name === written);
    if (dot > 0 && side === undefined) {
      const sideRange = source.textRange(place, part.at, written.length);
      report('config.unknown_side', sideRange, `${quoted(written)} is not a side of this pair`, {
        hint: didYouMean(
          written,
          sides.map((candidate) => candidate.name),
        ),
      });
      return undefined;
    }
    if (side === undefined || field === '') {
      report('config.bad_match', range, 'a side and its field, with a dot between them, must stand here', {
        hint: forms,
      });
      return undefined;
    }
    if (side.name in fields) {
      report('config.bad_match', range, `both fields are of ${side.name}; a rule compares two sides`, { hint: forms });
      return undefined;
    }
    fields[side.name] = [field];
    uses.push({ kind: 'match', side, field, range, written: false });
  }
  return { kind: 'certain', fields, text: rule.trim() };
}

function readLikely({ source, report, units }: MatchContext, rule: string, index: number): MatchRule | undefined {
  const place = ['match', index];
  const names: UnitName[] = [];
  let common: readonly SideName[] | undefined;
  let complete = true;
  for (const part of split(rule, '+')) {
    const unit = units.get(part.text);
    const range = source.textRange(place, part.at, part.text.length);
    if (part.text === '') {
      report('config.bad_match', range, 'the name of a unit is missing here', { hint: forms });
      complete = false;
    } else if (unit === undefined) {
      const hint = part.text.includes('.') ? forms : (didYouMean(part.text, [...units.keys()]) ?? forms);
      report('config.unknown_unit', range, `no unit under "masters" is called ${quoted(part.text)}`, { hint });
      complete = false;
    } else if (unit === null) {
      complete = false;
    } else if (unit.isReference) {
      const hint = 'a reference holds the key of another record, which each side writes in its own way';
      report('config.bad_match', range, `${quoted(part.text)} is a reference, and says nothing about who a record is`, {
        hint,
      });
      complete = false;
    } else if (names.includes(unit.name)) {
      report('config.bad_match', range, `${quoted(part.text)} stands twice in one rule`, {
        hint: 'remove one of the two',
      });
      complete = false;
    } else {
      names.push(unit.name);
      common = common === undefined ? unit.sides : common.filter((side) => unit.sides.includes(side));
    }
  }
  if (!complete) return undefined;
  if (common === undefined || common.length < 2) {
    report(
      'config.bad_match',
      source.valueRange(place),
      'no two sides have all of these units, so the rule can never match',
      {
        hint: 'match on units that at least two sides share',
      },
    );
    return undefined;
  }
  return { kind: 'likely', units: names, text: rule.trim() };
}

function unitsOf(rule: Exclude<MatchRule, { kind: 'certain' }>): readonly UnitName[] {
  switch (rule.kind) {
    case 'likely':
      return rule.units;
    case 'alike':
      return [rule.unit];
    case 'weighed':
      return rule.units.map(({ unit }) => unit);
  }
}

function reportUnmatched({ source, report, sides, units }: MatchContext, rules: readonly MatchRule[]): void {
  const reached = new Set<string>();
  for (const rule of rules) {
    if (rule.kind === 'certain') for (const side of Object.keys(rule.fields)) reached.add(side);
    else for (const unit of unitsOf(rule)) for (const side of units.get(unit)?.sides ?? []) reached.add(side);
  }
  for (const side of sides) {
    if (reached.has(side.name)) continue;
    report(
      'config.side_not_matched',
      source.keyRange(['match']),
      `no rule reaches ${side.name}: its records are never linked`,
      {
        hint: `add a rule such as ${side.name}.id = ${sides.find((other) => other !== side)?.name ?? 'other'}.id`,
      },
    );
  }
}
