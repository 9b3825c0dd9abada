import { limitDefaults, type Limits } from '../../core/rules.js';
import { parseInterval, parseRate, parseShare, type TextFault } from './durations.js';
import type { Report } from './problems.js';
import { limitsSchema } from './limits-schema.js';
import { valueAt } from './shape-problems.js';
import type { YamlSource } from './yaml-source.js';

type LimitsContext = { readonly source: YamlSource; readonly report: Report };

const dayMs = 86_400_000;
const counts = {
  hops: { key: 'hops', least: 2, most: 100 },
  tries: { key: 'tries', least: 1, most: 20 },
  few: { key: 'few', least: 0, most: 1_000_000 },
} as const;

/** What the file says about limits, each within its range; undefined when it says nothing. */
export function readLimits(context: LimitsContext): Partial<Limits> | undefined {
  const parsed = limitsSchema.safeParse(valueAt(context.source.value, ['limits']));
  if (!parsed.success) return undefined;
  const written = parsed.data;
  const found: { -readonly [name in keyof Limits]?: Limits[name] } = {};
  for (const name of ['hops', 'tries', 'few'] as const) {
    const count = readCount(context, name, written[name]);
    if (count !== undefined) found[name] = count;
  }
  for (const [key, name] of [
    ['answer', 'answerMs'],
    ['stale_form', 'staleFormMs'],
    ['replica', 'replicaMs'],
    ['late', 'lateMs'],
  ] as const) {
    const ms = readText(context, key, written[key], spanOf);
    if (ms !== undefined) found[name] = ms;
  }
  for (const [key, name] of [
    ['creates', 'createShare'],
    ['deletes', 'deleteShare'],
    ['changes', 'changeShare'],
  ] as const) {
    const share = readText(context, key, written[key], shareOf);
    if (share !== undefined) found[name] = share;
  }
  const writes = readText(context, 'writes', written.writes, rateOf('minute'));
  if (writes !== undefined) found.writesPerMinute = writes;
  const fieldWrites = readText(context, 'field_writes', written.field_writes, rateOf('hour'));
  if (fieldWrites !== undefined) found.unitWritesPerHour = fieldWrites;
  return Object.keys(found).length === 0 ? undefined : found;
}

function readCount(
  { source, report }: LimitsContext,
  name: keyof typeof counts,
  value: number | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  const { key, least, most } = counts[name];
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  report(
    'config.bad_limit',
    source.valueRange(['limits', key]),
    `"${key}" is a whole number from ${least} to ${most}`,
    {
      hint: `leave it out for the usual ${limitDefaults[name]}`,
    },
  );
  return undefined;
}

type Parse = (text: string) => number | TextFault;

function readText(
  { source, report }: LimitsContext,
  key: string,
  text: string | undefined,
  parse: Parse,
): number | undefined {
  if (text === undefined) return undefined;
  const parsed = parse(text);
  if (typeof parsed === 'number') return parsed;
  const { at, length, message, hint } = parsed.fault;
  report('config.bad_limit', source.textRange(['limits', key], at, length), message, { hint });
  return undefined;
}

const spanOf: Parse = (text) => {
  const parsed = parseInterval(text);
  if ('fault' in parsed) return parsed;
  if (parsed.ms <= dayMs) return parsed.ms;
  return { fault: { at: 0, length: text.length, message: 'this is at most one day', hint: 'write 1d or less' } };
};

const shareOf: Parse = (text) => {
  const parsed = parseShare(text);
  return 'fault' in parsed ? parsed : parsed.share;
};

const rateOf =
  (per: 'minute' | 'hour'): Parse =>
  (text) => {
    const parsed = parseRate(text, per);
    return 'fault' in parsed ? parsed : parsed.count;
  };
