import type { SideName } from '../../core/ids.js';
import { orderedTypes } from '../../core/policy/order.js';
import type { Expression, Policy, UnitRules } from '../../core/rules.js';
import { readMergeExpression } from './condition-reader.js';
import { parseInterval } from './durations.js';
import type { Side } from './field-use.js';
import type { Range, Report } from './problems.js';
import type { PolicyInput } from './schema.js';
import { didYouMean, quoted } from './suggest.js';
import { certainConnectors, newestWithinDefaultMs } from './words.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type PolicyPlace = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly path: YamlPath;
  /** Every side that the pair declares. */
  readonly sides: readonly string[];
  /** The sides that have a field in the unit: only these can be preferred. */
  readonly mapped: readonly Side[];
  readonly unit: string;
  readonly as: UnitRules['as'];
  readonly same: UnitRules['same'];
  /** Several fields on a side, decided as one. */
  readonly isGroup: boolean;
  /** The policy decides only where a condition holds, or does not. */
  readonly isBranch: boolean;
  /** The policy decides only when records meet, where there is nothing that both had. */
  readonly isFirst: boolean;
  /** What the unit says about blanks, if it says something. */
  readonly blank: string | undefined;
};

const ask: Policy = { kind: 'ask' };

/**
 * Compiles a policy, or reports why it cannot decide. What a policy leaves open is asked unless `otherwise` says more; an
 * `otherwise` that repeats what was tried before it is refused.
 */
export function readPolicy(place: PolicyPlace, input: PolicyInput, tried: readonly string[] = []): Policy | undefined {
  if (input === 'ask') return ask;
  if (place.isFirst && !mayBeFirst(place, input)) return undefined;
  if (input === 'delta') return readDelta(place, tried.length === 0);
  const step = stepOf(input);
  if (tried.includes(step)) {
    const range = place.source.keyRange(place.path);
    place.report('config.rule_not_here', range, `this can never decide: ${quoted(step)} was already tried above`, {
      hint: 'remove it; what is left open is asked',
    });
    return undefined;
  }
  const rest = typeof input === 'string' ? 'ask' : (input.otherwise ?? 'ask');
  const otherwise = readPolicy({ ...place, path: [...place.path, 'otherwise'] }, rest, [...tried, step]);
  const first = readStep(place, input, tried.length === 0);
  return first === undefined || otherwise === undefined ? undefined : { ...first, otherwise };
}

/** When records meet nobody knows when a value was typed, nor what it replaced. */
function mayBeFirst({ source, report, path }: PolicyPlace, input: PolicyInput): boolean {
  const word = typeof input === 'string' ? input : (Object.keys(input).find((key) => key !== 'otherwise') ?? '');
  const reason = firstFaults[word];
  if (reason === undefined) return true;
  report(
    'config.rule_not_here',
    source.valueRange(path),
    `${quoted(word)} cannot decide when records meet: ${reason}`,
    {
      hint: 'write ask, { prefer: SIDE }, highest, lowest, set or { expression: … }',
    },
  );
  return false;
}

const firstFaults: { readonly [word: string]: string } = {
  newest: 'nobody knows when the values were typed',
  text: 'they have no text in common',
  delta: 'there is no number that both added to',
};

type Step =
  | { readonly kind: 'newest'; readonly widthMaxMs: number }
  | { readonly kind: 'prefer'; readonly side: SideName }
  | { readonly kind: 'highest' | 'lowest'; readonly monotone: boolean }
  | { readonly kind: 'set'; readonly removes: 'add_wins' | 'remove_wins' }
  | { readonly kind: 'text'; readonly by: 'lines' | 'words' }
  | { readonly kind: 'expression'; readonly expression: Expression };

function stepOf(input: Exclude<PolicyInput, 'ask' | 'delta'>): string {
  if (typeof input === 'string') return input;
  if ('prefer' in input) return `prefer: ${input.prefer}`;
  return Object.keys(input).find((key) => key !== 'otherwise') ?? '';
}

function readStep(
  place: PolicyPlace,
  input: Exclude<PolicyInput, 'ask' | 'delta'>,
  isFirst: boolean,
): Step | undefined {
  if (input === 'newest') return { kind: 'newest', widthMaxMs: newestWithinDefaultMs };
  if (input === 'highest' || input === 'lowest') return readExtreme(place, input, false, isFirst);
  if (input === 'set') return readSet(place, 'add-wins');
  if (input === 'text') return readText(place, 'lines');
  if ('set' in input) return readSet(place, input.set);
  if ('text' in input) return readText(place, input.text);
  if ('expression' in input) return readExpression(place, input.expression);
  if ('prefer' in input) {
    const side = readPreferred(place, input.prefer);
    return side === undefined ? undefined : { kind: 'prefer', side };
  }
  if ('highest' in input) return readExtreme(place, 'highest', input.highest.monotone ?? false, isFirst);
  if ('lowest' in input) return readExtreme(place, 'lowest', input.lowest.monotone ?? false, isFirst);
  const widthMaxMs = readWithin(place, input.newest.within);
  return widthMaxMs === undefined ? undefined : { kind: 'newest', widthMaxMs };
}

/** The highest of values that have no order would be a guess; a monotone rule counts for every edit, so it comes first. */
function readExtreme(
  place: PolicyPlace,
  kind: 'highest' | 'lowest',
  monotone: boolean,
  isFirst: boolean,
): Step | undefined {
  const { source, report, path, unit, as, isGroup } = place;
  if (isGroup || !orderedTypes.some((ordered) => ordered === as)) {
    const what = isGroup ? 'several fields' : `values of type ${as}`;
    report('config.rule_not_here', source.valueRange(path), `${quoted(kind)} cannot order ${what} of ${quoted(unit)}`, {
      hint: isGroup
        ? 'map the field that decides as a unit of its own'
        : `write its type, as: ${orderedTypes.join(', ')}`,
    });
    return undefined;
  }
  if (monotone && (!isFirst || place.isFirst)) {
    const range = source.keyRange([...path, kind, 'monotone']);
    const where = isFirst ? 'first' : 'otherwise';
    report('config.rule_not_here', range, `"monotone" is about every edit, so it has no meaning under "${where}"`, {
      hint: `write { ${kind}: { monotone: true } } as the policy itself, or remove "monotone"`,
    });
    return undefined;
  }
  return { kind, monotone };
}

/**
 * What is added is added for every edit, exactly and once: so it is the whole rule of the unit, of one number, and each
 * side must be able to say whether a write to it was made (semantics §1.6, §2.2).
 */
function readDelta(place: PolicyPlace, isFirst: boolean): Policy | undefined {
  const { source, report, path, unit, as, same, isGroup, isBranch, blank, mapped } = place;
  const name = quoted(unit);
  const refuse = (range: Range, message: string, hint: string): undefined => {
    report('config.rule_not_here', range, message, { hint });
  };
  const range = source.valueRange(path);
  if (!isFirst || isBranch) {
    const where = isFirst ? 'a condition' : '"otherwise"';
    return refuse(
      range,
      `"delta" is about every edit, so it has no meaning under ${where}`,
      'write conflict: delta alone',
    );
  }
  if (isGroup)
    return refuse(range, `"delta" cannot add up several fields of ${name}`, 'map each number as a unit of its own');
  if (as !== 'decimal' && as !== 'integer')
    return refuse(range, `"delta" adds exact numbers, and ${name} is of type ${as}`, 'write its type, as: decimal');
  if (same !== 'decimal')
    return refuse(range, `"delta" compares numbers, and ${name} compares texts`, 'remove "same" from the unit');
  if (blank !== undefined && blank !== 'value')
    return refuse(
      range,
      `"blank: ${blank}" has no meaning beside "delta": a blank is never taken over`,
      'remove "blank"',
    );
  const weak = mapped.find(({ connector }) => connector !== undefined && !certainConnectors.includes(connector));
  if (weak === undefined) return { kind: 'delta' };
  return refuse(
    range,
    `"delta" of ${name} needs to know whether a write was made, and ${weak.name} (${weak.connector}) cannot always tell`,
    `possible where every side is one of: ${certainConnectors.join(', ')}; else write ask, or name a master`,
  );
}

/** Elements are added and removed; of anything but a list there are none. */
function readSet(place: PolicyPlace, word: 'add-wins' | 'remove-wins'): Step | undefined {
  const { source, report, path, unit, as, isGroup } = place;
  if (as === 'list' && !isGroup) return { kind: 'set', removes: word === 'add-wins' ? 'add_wins' : 'remove_wins' };
  report('config.rule_not_here', source.valueRange(path), `"set" merges lists, and ${quoted(unit)} is none`, {
    hint: isGroup ? 'map each list as a unit of its own' : 'write its type and how it is written: as: list, form: ";"',
  });
  return undefined;
}

/** Of a group an expression would have to give every member; it reads and gives one value. */
function readExpression(place: PolicyPlace, text: string): Step | undefined {
  const { source, report, path, unit, as, same, isGroup } = place;
  const inner = [...path, 'expression'];
  if (as === 'reference') {
    report(
      'config.rule_not_here',
      source.valueRange(inner),
      `an expression cannot make the reference ${quoted(unit)}`,
      {
        hint: 'choose ask, newest or prefer',
      },
    );
    return undefined;
  }
  if (isGroup) {
    report('config.rule_not_here', source.valueRange(inner), `an expression cannot make the group ${quoted(unit)}`, {
      hint: 'map the field that it decides as a unit of its own',
    });
    return undefined;
  }
  const expression = readMergeExpression({ source, report, path: inner }, text, { as, same });
  return expression === undefined ? undefined : { kind: 'expression', expression };
}

function readText(place: PolicyPlace, by: 'lines' | 'words'): Step | undefined {
  const { source, report, path, unit, as, isGroup } = place;
  if (as === 'text' && !isGroup) return { kind: 'text', by };
  const what = isGroup ? 'several fields' : `values of type ${as}`;
  report('config.rule_not_here', source.valueRange(path), `"text" cannot merge ${what} of ${quoted(unit)}`, {
    hint: isGroup ? 'map the text as a unit of its own' : 'choose another policy, or remove "as"',
  });
  return undefined;
}

function readWithin({ source, report, path }: PolicyPlace, within: string): number | undefined {
  const parsed = parseInterval(within);
  if (!('fault' in parsed)) return parsed.ms;
  const { at, length, message, hint } = parsed.fault;
  report('config.bad_duration', source.textRange([...path, 'newest', 'within'], at, length), message, { hint });
  return undefined;
}

function readPreferred(
  { source, report, path, sides, mapped, unit }: PolicyPlace,
  written: string,
): SideName | undefined {
  const range = source.valueRange([...path, 'prefer']);
  const side = mapped.find(({ name }) => name === written);
  if (side !== undefined) return side.name;
  if (sides.includes(written)) {
    report('config.side_not_mapped', range, `${written} has no field in ${quoted(unit)}, so it can never win there`, {
      hint: `sides with a field there: ${mapped.map(({ name }) => name).join(', ')}`,
    });
  } else {
    report('config.unknown_side', range, `${quoted(written)} is not a side of this pair`, {
      hint: didYouMean(written, sides),
    });
  }
  return undefined;
}
