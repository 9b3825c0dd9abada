import type { z } from 'zod';
import type { ProblemCode, Report } from './problems.js';
import { didYouMean, nearest, quoted } from './suggest.js';
import { eitherBlankWords, isPlanned, masterBlankWords, translated } from './words.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type Issue = z.core.$ZodIssue;
/** What shape checks need to know of a file. */
export type Shaped = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly knownKeys: (path: YamlPath) => readonly string[];
};

/** True for "key: value" lines as a value. */
export const isMapping = (value: unknown): value is { readonly [key: string]: unknown } =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The value at a path of a parsed file, or undefined. */
export function valueAt(value: unknown, path: YamlPath): unknown {
  let current = value;
  for (const step of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, step)) return undefined;
    current = (current as { readonly [key: string | number]: unknown })[step];
  }
  return current;
}

/**
 * Checks a part of a file against its schema and reports each mismatch at its place, in the words of the language.
 * The value is returned when there was none.
 */
export function checkShape<Schema extends z.ZodType>(
  shaped: Shaped,
  schema: Schema,
  path: YamlPath,
): z.output<Schema> | undefined {
  const result = schema.safeParse(valueAt(shaped.source.value, path));
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(shaped, issue, path);
  return undefined;
}

function reportIssue(shaped: Shaped, issue: Issue, base: YamlPath): void {
  const path: YamlPath = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const value = valueAt(shaped.source.value, path);
  switch (issue.code) {
    case 'invalid_union':
      return reportUnion(shaped, issue.errors, path, value);
    case 'unrecognized_keys':
      for (const key of issue.keys.slice(0, unknownKeysMax)) reportUnknownKey(shaped, [...path, key], key, path);
      return;
    case 'invalid_value':
      return reportWord(shaped, path, value, issue.values.map(String));
    case 'invalid_type':
      return reportType(shaped, path, value, issue.expected);
    case 'too_small':
    case 'too_big': {
      const message = sizeProblem(issue, value);
      return shaped.report('config.wrong_type', shaped.source.valueRange(path), `${nameOf(path)}: ${message}`);
    }
    default:
      return shaped.report('config.wrong_type', shaped.source.valueRange(path), `${nameOf(path)}: ${issue.message}`);
  }
}

function sizeProblem(issue: Issue, value: unknown): string {
  if (typeof value === 'number' && issue.code === 'too_small') return `this must be at least ${issue.minimum}`;
  if (typeof value === 'number' && issue.code === 'too_big') return `this must be at most ${issue.maximum}`;
  return Array.isArray(value) || value === '' ? 'this is empty' : 'this is not one character';
}

/** A file with more unknown keys in one place is another kind of file. */
const unknownKeysMax = 50;

const nameOf = (path: YamlPath): string => {
  const last = path.findLast((step) => typeof step === 'string');
  return last === undefined ? 'the file' : quoted(String(last));
};

/** The setting whose word list a value is judged by: creates.crm is judged as "creates", and deletes.edited by its own. */
function settingOf(path: YamlPath): string {
  const first = String(path[0]);
  if (path.at(-1) === 'use' || path.at(-1) === 'else') return settingOf(path.slice(0, -1));
  const isOfSide = ['creates', 'deletes', 'refused'].includes(first) && path.length === 2 && path[1] !== 'edited';
  if (isOfSide) return first;
  const setting = String(path.at(-2));
  return first === 'masters' && (setting === 'stray' || setting === 'blank') ? setting : String(path.at(-1));
}

/** Of the alternatives the one that fits best: a mapping is judged by the keys it has, a word by the list of words. */
function reportUnion(shaped: Shaped, branches: readonly (readonly Issue[])[], path: YamlPath, value: unknown): void {
  const entered = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  );
  const misfit = (issues: readonly Issue[]): number =>
    issues.reduce((sum, issue) => {
      if (issue.code === 'unrecognized_keys') return sum + issue.keys.length;
      const absent = issue.code === 'invalid_type' && valueAt(value, issue.path as YamlPath) === undefined;
      return sum + (absent ? 1 : 0);
    }, 0);
  const best = [...entered].sort((a, b) => misfit(a) - misfit(b))[0];
  const words = branches.flat().find((issue) => issue.code === 'invalid_value' && issue.path.length === 0);
  const emptyText = branches.flat().find((issue) => issue.code === 'too_small' && issue.path.length === 0);
  if (best !== undefined) {
    for (const issue of best) reportIssue(shaped, issue, path);
  } else if (emptyText !== undefined && (value === '' || Array.isArray(value))) {
    reportIssue(shaped, emptyText, path);
  } else if (words !== undefined && typeof value === 'string') {
    reportIssue(shaped, words, path);
  } else if (words !== undefined) {
    reportType(shaped, path, value, 'policy');
  } else {
    reportType(shaped, path, value, 'fields');
  }
}

function reportUnknownKey(shaped: Shaped, place: YamlPath, key: string, parent: YamlPath): void {
  const range = shaped.source.keyRange(place);
  if (key === 'when' && parent[0] === 'masters') {
    shaped.report(
      'config.rule_not_here',
      range,
      'a condition ("when") stands at the top of "conflict", with what follows from it',
      {
        hint: 'write conflict: { when: …, use: …, else: … }',
      },
    );
    return;
  }
  const known = shaped.knownKeys(parent);
  const where = parent.length === 0 ? 'at the top of the file' : `under ${nameOf(parent)}`;
  shaped.report('config.unknown_key', range, `${quoted(key)} means nothing ${where}`, { hint: didYouMean(key, known) });
}

function reportType(shaped: Shaped, path: YamlPath, value: unknown, expected: string): void {
  const { source, report } = shaped;
  if (value === undefined) {
    const parent = path.length <= 1 ? 'the file' : nameOf(path.slice(0, -1));
    report('config.missing_key', source.valueRange(path), `${parent} lacks ${nameOf(path)}`, { hint: keyHint(path) });
    return;
  }
  if (expected === 'never') return reportRuleNotHere(shaped, path);
  const wanted: { readonly [type: string]: string } = {
    string: 'text',
    record: '"key: value" lines',
    object: '"key: value" lines',
    array: 'a list',
    boolean: 'true or false',
    fields: 'a field or a list of fields',
    policy: 'ask, newest or { prefer: SIDE }',
  };
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  const quotable = isPlain && (expected === 'string' || expected === 'fields');
  const message = `${nameOf(path)} must be ${wanted[expected] ?? expected}, not ${kindOf(value)}`;
  const hint = typeHint(path, value, quotable);
  report('config.wrong_type', source.valueRange(path), message, { hint });
}

const measureHints: { readonly [key: string]: string } = {
  limit: 'write it as: 10 per run',
  every: 'write a number and a unit, such as 5m',
  verify: 'write a number and a unit, such as 1d',
  within: 'write a number and a unit, such as 1d',
};

function typeHint(path: YamlPath, value: unknown, quotable: boolean): string | undefined {
  const key = String(path.at(-1));
  if (Object.hasOwn(measureHints, key)) return measureHints[key];
  if (value === null) return 'write a value, or remove the line';
  return quotable ? 'put it in quotes to make it text' : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return '"key: value" lines';
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : 'true or false';
}

function keyHint(path: YamlPath): string | undefined {
  const hints: { readonly [key: string]: string } = {
    pair: 'write the name of the file without .yaml: pair: suppliers',
    owner: 'name the person or team that answers for this pair: owner: data',
    systems: 'name the sides: systems: { crm: { object: crm/public.accounts, key: id }, ... }',
    match: 'say how two records are known to be one: match: [ crm.id = erp.crm_id ]',
    masters: 'say who decides each field: masters: { either: { name: { crm: name, erp: name } } }',
    object: 'write connection/object, such as crm/public.accounts',
    key: 'name the field that identifies a record: key: id',
    url: 'write url: env:NAME and set that variable where Parley runs',
  };
  const key = String(path.at(-1));
  return Object.hasOwn(hints, key) ? hints[key] : undefined;
}

/** `conflict` and `stray` each have a meaning under one kind of heading only; elsewhere they would do nothing. */
function reportRuleNotHere({ source, report }: Shaped, path: YamlPath): void {
  const [setting, unit, heading] = [String(path.at(-1)), quoted(String(path.at(-2))), String(path.at(-3))];
  const range = source.keyRange(path);
  if (setting === 'conflict' && Object.hasOwn(segmentsOf(source), heading)) {
    report('config.rule_not_here', range, `"conflict" has no effect here: the segment ${heading} says who decides`, {
      hint: 'move the line under "either:", or remove "conflict"',
    });
  } else if (setting === 'conflict' || setting === 'first') {
    report('config.rule_not_here', range, `${quoted(setting)} has no effect here: ${heading} alone decides ${unit}`, {
      hint: `move the line under "either:" if both sides may edit it, or remove ${quoted(setting)}`,
    });
  } else {
    report('config.rule_not_here', range, `${quoted(setting)} has no effect here: either side may edit ${unit}`, {
      hint: `move the line under the side that decides, or remove ${quoted(setting)}`,
    });
  }
}

function segmentsOf({ value }: YamlSource): object {
  const segments = valueAt(value, ['segments']);
  return isMapping(segments) ? segments : {};
}

function reportWord(shaped: Shaped, path: YamlPath, value: unknown, possible: readonly string[]): void {
  const { source, report } = shaped;
  const range = source.valueRange(path);
  if (value === undefined) return reportType(shaped, path, value, 'string');
  if (typeof value !== 'string') {
    const message = `${nameOf(path)} must be one of the words ${possible.join(', ')}, not ${kindOf(value)}`;
    return report('config.wrong_type', range, message);
  }
  const setting = settingOf(path);
  const [code, message, hint] = judgeWord(setting, value, possible, source);
  report(code, range, message, { hint });
}

function judgeWord(
  setting: string,
  word: string,
  possible: readonly string[],
  source: YamlSource,
): readonly [ProblemCode, string, string | undefined] {
  const isPolicy = possible.includes('newest');
  if (setting === 'blank' && [...masterBlankWords, ...eitherBlankWords].some((known) => known === word)) {
    const heading = possible.includes('keeps') ? 'under a side that decides alone' : 'under "either"';
    return [
      'config.rule_not_here',
      `"blank: ${word}" has no meaning ${heading}`,
      `possible here: ${possible.join(', ')}`,
    ];
  }
  if (setting === 'deletes' && word === 'archive') {
    const hint = 'write archive for every record of the side, or another word here';
    return ['config.rule_not_here', 'whether a deleted record is archived cannot depend on what it holds', hint];
  }
  if (setting === 'as' && word === 'join') {
    const hint = 'put it under the side that holds the parts, or map the fields one by one';
    return ['config.rule_not_here', 'joined text cannot be split again, so either side cannot edit it', hint];
  }
  if (isPlanned(setting, word)) {
    return [
      'config.not_available',
      `"${setting}: ${word}" is not executed by this version`,
      `possible here: ${possible.join(', ')}`,
    ];
  }
  const systems = valueAt(source.value, ['systems']);
  const sides = isMapping(systems) ? Object.keys(systems) : [];
  if (isPolicy && sides.includes(word)) {
    return ['config.unknown_word', `a side that wins a conflict is written with "prefer"`, `write { prefer: ${word} }`];
  }
  const meant = translated(setting, word);
  const hint =
    meant !== undefined && nearest(word, possible) === undefined
      ? `here the word is ${meant}`
      : didYouMean(word, possible);
  return ['config.unknown_word', `${quoted(word)} is not a word of ${quoted(setting)}`, hint];
}
