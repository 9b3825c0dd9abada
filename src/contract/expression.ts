import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { canonicalDecimal, compareDecimals, DecimalNumber } from '../core/decimal.js';
import type { Evaluate } from '../core/expression.js';
import type { Json } from '../core/json.js';
import { canonicalText, isBlank } from '../core/mapping/equality.js';
import { scalarText } from '../core/mapping/mapping.js';
import type { Expression, LensName, VariableType } from '../core/rules.js';

/**
 * Expressions of pair files: CEL, over the types of units. Nothing here costs more than a file may ask for: the size and
 * depth of an expression and the length of lists are limited, a loop within a loop and regular expressions are refused.
 */
const limits = { maxAstNodes: 200, maxDepth: 16, maxListElements: 50, maxMapEntries: 20, maxCallArguments: 8 };
const textMax = 2000;
const membersMax = 100;
const charactersMax = 10_000;

type Typed = Pick<Expression, 'text' | 'variables' | 'result'>;
type Node = { readonly op: string; readonly args: unknown; readonly start: number; readonly end: number };

export type ExpressionFault = { readonly at: number; readonly length: number; readonly message: string };
/** What an expression reads, or the first thing that is wrong with it, with its place in the text. */
export type CheckedExpression = { readonly reads: readonly string[] } | { readonly fault: ExpressionFault };

const celTypes: { readonly [as in LensName]: string } = {
  text: 'string',
  integer: 'int',
  decimal: 'Decimal',
  boolean: 'bool',
  date: 'string',
  timestamp: 'string',
  join: 'string',
  reference: 'string',
  list: 'list<string>',
};

/** Checks text against what it may read and what it must give. */
export function checkExpression(expression: Typed): CheckedExpression {
  const { text, variables, result } = expression;
  const whole = { at: 0, length: text.length };
  if (text.length > textMax) return { fault: { ...whole, message: `is longer than ${textMax} characters` } };
  const environment = environmentFor(variables);
  let parsed: ParseResult;
  try {
    parsed = environment.parse(text);
  } catch (error) {
    return { fault: faultOf(error, text) };
  }
  const nodes = [...nodesOf(parsed.ast, 0)];
  const costly = nodes.find(({ node, loops }) => loops > 1 || nameOf(node) === 'matches');
  if (costly !== undefined) {
    const { start, end } = costly.node;
    const message = costly.loops > 1 ? 'a loop within a loop is not executed' : 'regular expressions are not executed';
    return { fault: { at: start, length: end - start, message } };
  }
  const checked = parsed.check();
  if (!checked.valid) return { fault: faultOf(checked.error, text) };
  const wanted = typeOf(result);
  if (checked.type !== wanted)
    return { fault: { ...whole, message: `gives ${checked.type ?? 'nothing'}, not ${wanted}` } };
  const reads = nodes.flatMap(({ node }) => (node.op === 'id' ? [String(node.args)] : []));
  return { reads: [...new Set(reads)].filter((name) => Object.hasOwn(variables, name)) };
}

const readableNames = new Map<string, boolean>();

/** Whether an expression can read something of this name: not where the name is a word of the language, or no name in it. */
export function isReadableName(name: string): boolean {
  const known = readableNames.get(name);
  if (known !== undefined) return known;
  let isReadable = false;
  try {
    const { ast } = new Environment({}).registerVariable(name, 'bool').parse(name);
    isReadable = ast.op === 'id' && String(ast.args) === name;
  } catch {
    isReadable = false;
  }
  readableNames.set(name, isReadable);
  return isReadable;
}

/** Where names stand in an expression, in the order of the text; null when it is none. */
export function namesIn(
  text: string,
): readonly { readonly name: string; readonly at: number; readonly end: number }[] | null {
  if (text.length > textMax) return null;
  try {
    const nodes = [...nodesOf(environmentFor({}).parse(text).ast, 0)].map(({ node }) => node);
    const names = nodes.filter(({ op }) => op === 'id');
    return names
      .map(({ args, start, end }) => ({ name: String(args), at: start, end }))
      .sort((one, other) => one.at - other.at);
  } catch {
    return null;
  }
}

/** An evaluator that keeps what it compiled. Expressions come from files that were checked, so there are few. */
export function createEvaluate(): Evaluate {
  const compiled = new Map<string, ParseResult | null>();
  return (expression, inputs) => {
    const key = JSON.stringify([expression.text, expression.variables]);
    let program = compiled.get(key);
    if (program === undefined) {
      program =
        'fault' in checkExpression(expression) ? null : environmentFor(expression.variables).parse(expression.text);
      compiled.set(key, program);
    }
    if (program === null) return { failure: 'the expression is not valid' };
    try {
      const names = Object.entries(expression.variables);
      const given = names.map(([name, type]) => [name, toCel(type, inputs[name] ?? null)] as const);
      return { value: fromCel(program(Object.fromEntries(given)) as unknown) };
    } catch (error) {
      // The first line names the operator or variable; the rest would show the text, never a value.
      return { failure: (error instanceof Error ? error.message : 'unknown').split('\n')[0] as string };
    }
  };
}

function typeOf({ as, isList }: VariableType): string {
  return isList ? `list<${celTypes[as]}>` : celTypes[as];
}

function environmentFor(variables: Typed['variables']): Environment {
  const environment = new Environment({ unlistedVariablesAreDyn: false, limits })
    .registerType('Decimal', { ctor: DecimalNumber, fields: {} })
    .registerFunction('decimal(string): Decimal', (text: string) => DecimalNumber.parse(text))
    .registerFunction('decimal(int): Decimal', (whole: bigint) => DecimalNumber.parse(String(whole)))
    .registerFunction('string(Decimal): string', (number: DecimalNumber) => number.text);
  for (const [left, right] of [
    ['Decimal', 'Decimal'],
    ['Decimal', 'int'],
    ['int', 'Decimal'],
  ] as const) {
    const operate = (sign: string, act: (one: DecimalNumber, other: DecimalNumber) => unknown): void => {
      environment.registerOperator(`${left} ${sign} ${right}`, (one: unknown, other: unknown) =>
        act(decimalOf(one), decimalOf(other)),
      );
    };
    operate('+', (one, other) => one.plus(other));
    operate('-', (one, other) => one.minus(other));
    operate('*', (one, other) => one.times(other));
    operate('<', (one, other) => order(one, other) < 0);
    operate('<=', (one, other) => order(one, other) <= 0);
    operate('>', (one, other) => order(one, other) > 0);
    operate('>=', (one, other) => order(one, other) >= 0);
    // The other way round comes with it.
    if (left === 'Decimal') operate('==', (one, other) => order(one, other) === 0);
  }
  for (const type of ['Decimal', 'int', 'string'] as const) {
    const pick = (sign: 1 | -1) => (list: readonly unknown[]) => extreme(list, sign);
    environment.registerFunction(`max(list<${type}>): ${type}`, pick(1));
    environment.registerFunction(`min(list<${type}>): ${type}`, pick(-1));
  }
  for (const [name, type] of Object.entries(variables))
    if (isReadableName(name)) environment.registerVariable(name, typeOf(type));
  return environment;
}

const decimalOf = (value: unknown): DecimalNumber =>
  value instanceof DecimalNumber ? value : DecimalNumber.parse(String(value));
const order = (one: DecimalNumber, other: DecimalNumber): number => compareDecimals(one.text, other.text) ?? 0;

function extreme(list: readonly unknown[], sign: 1 | -1): unknown {
  const isHigher = (one: unknown, other: unknown): boolean => {
    if (one instanceof DecimalNumber && other instanceof DecimalNumber) return order(one, other) * sign > 0;
    return sign > 0 ? (one as string) > (other as string) : (one as string) < (other as string);
  };
  const [first, ...others] = list;
  if (first === undefined) throw new Error('an empty list has no greatest or least member');
  return others.reduce((best, member) => (isHigher(member, best) ? member : best), first);
}

/** @throws Error when the value is no value of the type: an expression over it means nothing. */
function toCel({ as, isList }: VariableType, value: Json): unknown {
  if (isList) {
    const members = Array.isArray(value) ? (value as readonly Json[]) : [];
    if (members.length > membersMax) throw new Error(`a list has more than ${membersMax} members`);
    return members.map((member) => toCel({ as, isList: false }, member));
  }
  if (as === 'list') return toCel({ as: 'text', isList: true }, value);
  const text = isBlank(value) ? '' : scalarText(value);
  if (text.length > charactersMax) throw new Error(`a value is longer than ${charactersMax} characters`);
  if (as === 'text' || as === 'date' || as === 'timestamp' || as === 'join') return text;
  if (text === '') throw new Error('a value is blank');
  if (as === 'decimal') return DecimalNumber.parse(text);
  if (as === 'integer') return BigInt.asIntN(64, BigInt(wholeText(text)));
  const flag = canonicalText('boolean', text);
  if (flag !== 'true' && flag !== 'false') throw new Error('a value is neither true nor false');
  return flag === 'true';
}

function wholeText(text: string): string {
  const canonical = canonicalDecimal(text);
  if (canonical === null || !/^-?\d{1,18}$/.test(canonical)) throw new Error('a value is no whole number of 18 digits');
  return canonical;
}

function fromCel(value: unknown): Json {
  if (value instanceof DecimalNumber) return value.text;
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(fromCel);
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

const loops = new Set(['map', 'filter', 'all', 'exists', 'exists_one']);

const nameOf = ({ op, args }: Node): string | null =>
  (op === 'call' || op === 'rcall') && Array.isArray(args) ? String(args[0]) : null;

/** Every node of an expression, with how many loops it stands in. */
function* nodesOf(value: unknown, within: number): Generator<{ readonly node: Node; readonly loops: number }> {
  if (Array.isArray(value)) {
    for (const member of value) yield* nodesOf(member, within);
  } else if (value !== null && typeof value === 'object' && 'op' in value && 'args' in value) {
    const node = value as Node;
    const depth = within + (node.op === 'rcall' && loops.has(nameOf(node) ?? '') ? 1 : 0);
    yield { node, loops: depth };
    yield* nodesOf(node.args, depth);
  }
}

function faultOf(error: unknown, text: string): ExpressionFault {
  const message = (error instanceof Error ? error.message : 'is not valid').split('\n')[0] as string;
  const range = (error as { range?: { start?: number; end?: number } } | undefined)?.range;
  const at = Math.min(range?.start ?? 0, text.length);
  return { at, length: Math.max(1, (range?.end ?? text.length) - at), message };
}
