import { sameValue } from '../../core/mapping/equality.js';
import type { Json } from '../../core/json.js';
import type { Expression, LensName, UnitRules, VariableType } from '../../core/rules.js';
import { checkExpression, createEvaluate, type ExpressionFault } from '../expression.js';
import type { Report } from './problems.js';
import { expanded, type Segments } from './segment.js';
import { didYouMean, quoted } from './suggest.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type ExpressionPlace = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly path: YamlPath;
  /** Conditions with a name, which this one may use. */
  readonly segments?: Segments;
};

/** A unit that stands before the one being read, as far as conditions can read it. */
export type EarlierUnit = { readonly name: string; readonly as: LensName; readonly isGroup: boolean };

const yesOrNo: VariableType = { as: 'boolean', isList: false };
const noSegments: Segments = new Map();

/**
 * A condition on units that stand before this one, or undefined after a problem. Reading only what stands before keeps
 * conditions free of circles. A segment counts as what it says.
 */
export function readCondition(
  place: ExpressionPlace,
  text: string,
  earlier: readonly EarlierUnit[],
  all: readonly string[],
  unreadable: { readonly hint: string } = {
    hint: 'a condition reads single fields of units that stand before it in the file: move that unit up',
  },
): Expression | undefined {
  const { segments = noSegments } = place;
  const readable = earlier.filter(({ as, isGroup }) => !isGroup && as !== 'join' && as !== 'reference');
  const variables = Object.fromEntries(readable.map(({ name, as }) => [name, { as, isList: false }]));
  const named = Object.fromEntries([...segments.keys()].map((name) => [name, yesOrNo]));
  const expression: Expression = { text, variables: { ...named, ...variables }, result: yesOrNo };
  const checked = checkExpression(expression);
  if ('fault' in checked)
    return reportFault(place, checked.fault, Object.keys(expression.variables), { all, unreadable });
  if (!checked.reads.some((name) => segments.has(name))) return withReads(expression, checked.reads);
  // A segment that cannot be read is reported where it stands.
  const said = expanded(text, segments);
  if (said === null) return undefined;
  const whole: Expression = { text: said, written: text, variables, result: yesOrNo };
  const inner = checkExpression(whole);
  if ('fault' in inner) return reportSegmentFault(place, inner.fault, all, unreadable);
  return withReads(whole, inner.reads);
}

/** What is wrong here with what a segment says, although the segment may be right elsewhere. */
function reportSegmentFault(
  { source, report, path }: ExpressionPlace,
  { message }: ExpressionFault,
  all: readonly string[],
  unreadable: { readonly hint: string },
): undefined {
  const missing = /^Unknown variable: (\S+)/.exec(message)?.[1];
  const range = source.valueRange(path);
  if (missing !== undefined && all.includes(missing))
    report(
      'config.bad_expression',
      range,
      `a segment in it reads ${quoted(missing)}, which cannot be read here`,
      unreadable,
    );
  else if (missing === undefined)
    report('config.bad_expression', range, `with what its segments say, this expression ${verbed(message)}`, {
      hint: 'make the segments shorter, or write the condition out',
    });
  return undefined;
}

/**
 * An expression that decides a clash: over `base` and `values`, giving a value of the unit's type. The law is tried out
 * with sample values: of siblings that are all equal it must give just that value, whatever they began with.
 */
export function readMergeExpression(
  place: ExpressionPlace,
  text: string,
  { as, same }: Pick<UnitRules, 'as' | 'same'>,
): Expression | undefined {
  const one: VariableType = { as, isList: false };
  const expression: Expression = { text, variables: { base: one, values: { as, isList: true } }, result: one };
  const checked = checkExpression(expression);
  if ('fault' in checked) return reportFault(place, checked.fault, ['base', 'values'], { all: [], unreadable: {} });
  const compiled = withReads(expression, checked.reads);
  const broken = brokenLaw(compiled, { as, same });
  if (broken === null) return compiled;
  place.report('config.bad_expression', place.source.valueRange(place.path), broken, {
    hint: 'of equal values it must give that value, such as max(values), for a clash that is none changes nothing',
  });
  return undefined;
}

function withReads(expression: Expression, reads: readonly string[]): Expression {
  const variables = Object.entries(expression.variables).filter(([name]) => reads.includes(name));
  return { ...expression, variables: Object.fromEntries(variables) };
}

const samples: { readonly [as in LensName]: readonly Json[] } = {
  text: ['a', 'B c', 'é', '0'],
  integer: ['0', '7', '-3', '123456789012345678'],
  decimal: ['0', '-1.5', '10.25', '99999999999999999999.99'],
  boolean: [true, false],
  date: ['2024-02-29', '1900-01-01', '9999-12-31'],
  timestamp: ['2024-02-29T12:00:00Z', '1999-12-31T23:59:59.999999Z'],
  list: [['a'], ['a', 'b c'], ['é', '0', 'B']],
  join: [],
  reference: [],
};

/** The first sample for which the expression breaks the law, as a sentence; null when it keeps it for all of them. */
function brokenLaw(expression: Expression, { as, same }: Pick<UnitRules, 'as' | 'same'>): string | null {
  const evaluate = createEvaluate();
  for (const value of samples[as]) {
    for (const base of samples[as]) {
      for (const count of [2, 3]) {
        const given = evaluate(expression, { base, values: Array.from({ length: count }, () => value) });
        const shown = `${count} times ${JSON.stringify(value)} and the base ${JSON.stringify(base)}`;
        if ('failure' in given) return `with ${shown} it fails: ${given.failure}`;
        if (!sameValue(same, given.value, value)) return `with ${shown} it gives ${JSON.stringify(given.value)}`;
      }
    }
  }
  return null;
}

function reportFault(
  { source, report, path }: ExpressionPlace,
  { at, length, message }: ExpressionFault,
  known: readonly string[],
  { all, unreadable }: { readonly all: readonly string[]; readonly unreadable: { readonly hint?: string } },
): undefined {
  const missing = /^Unknown variable: (\S+)/.exec(message)?.[1];
  const range = source.textRange(path, at, Math.max(1, missing?.length ?? length));
  if (missing === undefined) {
    report('config.bad_expression', range, `this expression ${verbed(message)}`, {
      hint: 'expressions are CEL; a number with a point is written decimal("1.5")',
    });
  } else if (all.includes(missing)) {
    report('config.bad_expression', range, `${quoted(missing)} cannot be read here`, unreadable);
  } else {
    report('config.bad_expression', range, `${quoted(missing)} is nothing that can be read here`, {
      hint: didYouMean(missing, known) ?? `possible here: ${known.join(', ')}`,
    });
  }
  return undefined;
}

const verbed = (message: string): string => (/^(gives|is longer)/.test(message) ? message : `is not valid: ${message}`);
