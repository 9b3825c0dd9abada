import type { SideName } from '../../core/ids.js';
import type { Policy } from '../../core/rules.js';
import { parseInterval } from './durations.js';
import type { Report } from './problems.js';
import type { PolicyInput } from './schema.js';
import { didYouMean, quoted } from './suggest.js';
import { newestWithinDefaultMs } from './words.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type PolicyPlace = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly path: YamlPath;
  /** Every side that the pair declares. */
  readonly sides: readonly string[];
  /** The sides that have a field in the unit: only these can be preferred. */
  readonly mapped: readonly SideName[];
  readonly unit: string;
};

const ask: Policy = { kind: 'ask' };

/**
 * Compiles a policy, or reports why it cannot decide. What `newest` and `prefer` leave open is asked unless
 * `otherwise` says more; an `otherwise` that repeats what was tried before it is refused.
 */
export function readPolicy(place: PolicyPlace, input: PolicyInput, tried: readonly string[] = []): Policy | undefined {
  if (input === 'ask') return ask;
  const step = input === 'newest' || 'newest' in input ? 'newest' : `prefer: ${input.prefer}`;
  if (tried.includes(step)) {
    const range = place.source.keyRange(place.path);
    place.report('config.rule_not_here', range, `this can never decide: ${quoted(step)} was already tried above`, {
      hint: 'remove it; what is left open is asked',
    });
    return undefined;
  }
  if (input === 'newest') return { kind: 'newest', otherwise: ask, widthMaxMs: newestWithinDefaultMs };
  const otherwise = readPolicy({ ...place, path: [...place.path, 'otherwise'] }, input.otherwise ?? 'ask', [
    ...tried,
    step,
  ]);
  if ('newest' in input) {
    const widthMaxMs = readWithin(place, input.newest.within);
    return widthMaxMs === undefined || otherwise === undefined ? undefined : { kind: 'newest', otherwise, widthMaxMs };
  }
  const side = readPreferred(place, input.prefer);
  return side === undefined || otherwise === undefined ? undefined : { kind: 'prefer', side, otherwise };
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
  const side = mapped.find((name) => name === written);
  if (side !== undefined) return side;
  if (sides.includes(written)) {
    report('config.side_not_mapped', range, `${written} has no field in ${quoted(unit)}, so it can never win there`, {
      hint: `sides with a field there: ${mapped.join(', ')}`,
    });
  } else {
    report('config.unknown_side', range, `${quoted(written)} is not a side of this pair`, {
      hint: didYouMean(written, sides),
    });
  }
  return undefined;
}
