import { type PairId, pairId } from '../../core/ids.js';
import type { Children, ParentDeletedRule, Reference } from '../../core/reference.js';
import type { PairRules, UnitRules } from '../../core/rules.js';
import type { Problem, Report } from './problems.js';
import { problemCodes } from './problems.js';
import { didYouMean, quoted } from './suggest.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type ReferringUnit = {
  readonly name: string;
  readonly path: YamlPath;
};
type Written = {
  readonly to?: string | undefined;
  readonly required?: boolean | undefined;
  readonly parent_deleted?: ParentDeletedRule | undefined;
  readonly blank?: unknown;
};

/** What a reference names; null for a unit that is none, undefined after a problem. */
export function readReference(
  { source, report }: { readonly source: YamlSource; readonly report: Report },
  { name, path }: ReferringUnit,
  as: UnitRules['as'],
  written: Written,
): Reference | null | undefined {
  const { to, required } = written;
  if (as !== 'reference') {
    const odd = (['to', 'required', 'parent_deleted'] as const).find((word) => written[word] !== undefined);
    if (odd === undefined) return null;
    report(
      'config.rule_not_here',
      source.keyRange([...path, odd]),
      `"${odd}" is about references, and ${quoted(name)} is none`,
      {
        hint: 'write as: reference, or remove it',
      },
    );
    return undefined;
  }
  if (to === undefined) {
    report('config.missing_key', source.keyRange(path), `${quoted(name)} does not say which records it names`, {
      hint: 'add to: and the name of the pair that keeps them in agreement',
    });
    return undefined;
  }
  if (!mayNullify({ source, report }, path, written)) return undefined;
  try {
    const parentDeleted = written.parent_deleted;
    return {
      pair: pairId(to),
      isRequired: required ?? true,
      ...(parentDeleted === undefined ? {} : { parentDeleted }),
    };
  } catch {
    report('config.unknown_pair', source.valueRange([...path, 'to']), `${quoted(to)} cannot be the name of a pair`);
    return undefined;
  }
}

/** A reference that a record needs cannot be blanked, and a blank that is no opinion would not be written. */
function mayNullify(
  { source, report }: { readonly source: YamlSource; readonly report: Report },
  path: YamlPath,
  { required, parent_deleted, blank }: Written,
): boolean {
  if (parent_deleted !== 'nullify') return true;
  const isMastered = path[1] !== 'either';
  if (required === false && (!isMastered || blank === 'clears')) return true;
  const [message, hint] =
    required === false
      ? ['a blank of the side that decides is no opinion, so nothing would be blanked', 'add blank: clears']
      : ['a record needs this reference, so it cannot be blanked', 'add required: false, or write restrict or cascade'];
  report('config.rule_not_here', source.valueRange([...path, 'parent_deleted']), message, { hint });
  return false;
}

/** What other pairs of the folder refer to, by the pair that they name, in the order of the files. */
export function childrenOf(pairs: readonly PairRules[]): ReadonlyMap<PairId, readonly Children[]> {
  const children = new Map<PairId, Children[]>();
  for (const { pair, units } of pairs)
    for (const { name, reference } of units) {
      if (reference === undefined) continue;
      const known = children.get(reference.pair) ?? [];
      known.push({ pair, unit: name, parentDeleted: reference.parentDeleted ?? 'restrict' });
      children.set(reference.pair, known);
    }
  return children;
}

/** A pair's file as far as references between pairs are checked. */
type Referring = {
  readonly file: string;
  readonly rules: PairRules | undefined;
  readonly units: ReadonlyMap<string, Place>;
};
type Place = { readonly line: number; readonly column: number; readonly endColumn: number };

/** References whose other end is not there, and circles of records that would each have to be made before the other. */
export function checkReferences(files: readonly Referring[], names: readonly string[]): readonly Problem[] {
  const pairs = new Map(files.flatMap(({ rules }) => (rules === undefined ? [] : [[rules.pair, rules] as const])));
  const problems: Problem[] = [];
  for (const { file, rules, units } of files) {
    for (const unit of rules?.units ?? []) {
      const place = units.get(unit.name);
      if (rules === undefined || unit.reference === undefined || place === undefined) continue;
      const found = faultOf(rules, unit, pairs, names);
      if (found === null) continue;
      const { code, message, hint } = found;
      problems.push({
        code,
        severity: problemCodes[code],
        file,
        ...place,
        message,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }
  return problems;
}

type Fault = Pick<Problem, 'code' | 'message'> & { readonly hint?: string | undefined };

function faultOf(
  rules: PairRules,
  unit: UnitRules,
  pairs: ReadonlyMap<PairId, PairRules>,
  names: readonly string[],
): Fault | null {
  const { pair: to, isRequired } = unit.reference as Reference;
  const parent = pairs.get(to);
  if (parent === undefined) {
    // A file with problems of its own is reported there.
    if (names.includes(to)) return null;
    const hint = didYouMean(to, names) ?? 'references name records of another pair of this folder';
    return {
      code: 'config.unknown_pair',
      message: `${quoted(unit.name)} names records of ${quoted(to)}, and there is no pairs/${to}.yaml`,
      hint,
    };
  }
  for (const side of rules.sides.filter(({ name }) => unit.paths[name] !== undefined)) {
    const other = parent.sides.find(({ name }) => name === side.name);
    if (other === undefined || other.connection !== side.connection)
      return {
        code: 'config.side_not_mapped',
        message: `${quoted(to)} has no side ${side.name} over the connection ${side.connection}, so nothing there can be named`,
        hint: 'call the sides of both pairs alike',
      };
    const named = unit.paths[side.name]?.length ?? 0;
    if (other.key.length !== named)
      return {
        code: 'config.group_mismatch',
        message: `records of ${quoted(to)} have a key of ${counted(other.key.length)} on ${side.name}, not of ${counted(named)}`,
        hint: `list the fields in the order of that key: ${side.name}: [${other.key.join(', ')}], as they are called here`,
      };
  }
  if (!isRequired || !leadsBack(to, rules.pair, pairs)) return null;
  return {
    code: 'config.required_circle',
    message: `a record of ${quoted(rules.pair)} needs one of ${quoted(to)} first, which needs one of ${quoted(rules.pair)} first`,
    hint: 'write required: false at one of them: it is made with a blank, which is filled later',
  };
}

const counted = (count: number): string => (count === 1 ? 'one field' : `${count} fields`);

/** Whether required references lead from one pair to another. */
function leadsBack(from: PairId, to: PairId, pairs: ReadonlyMap<PairId, PairRules>): boolean {
  const reached = new Set<PairId>([from]);
  for (const pair of reached) {
    if (pair === to) return true;
    for (const { reference } of pairs.get(pair)?.units ?? [])
      if (reference?.isRequired === true) reached.add(reference.pair);
  }
  return false;
}
