import type { WorldPlan } from './generate.js';
import { plainSide } from './options.js';
import type { Violation } from './oracle/violation.js';
import type { Step } from './steps.js';

/** A world in words: what is not plain about it, and one line a step. */
export function describeWorld({ options, steps }: WorldPlan): string {
  const sides = options.sides.map((side) => {
    const plain = plainSide(side.name);
    const odd = Object.entries(side).filter(([name, value]) => value !== plain[name as keyof typeof plain]);
    return `  ${side.name}${odd.length === 0 ? '' : `: ${odd.map(([name, value]) => `${name} ${String(value)}`).join(', ')}`}`;
  });
  const units = options.units.map(
    ({ name, type, authority, blank }) => `  ${name}: ${type}, ${JSON.stringify(authority)}, blank ${blank}`,
  );
  const records = options.records.map(({ key, sides: held }) => `  ${key}: ${JSON.stringify(held)}`);
  return [
    `seed ${options.seed}, ${options.workers} workers, pages of ${options.pageSize}, faults: ${options.faults.join(', ') || 'none'}`,
    'sides',
    ...sides,
    'units',
    ...units,
    'records',
    ...records,
    ...(options.parents === undefined ? [] : describeParents(options.parents)),
    'steps',
    ...steps.map((step, index) => `  ${index + 1}. ${describeStep(step)}`),
  ].join('\n');
}

/** Of the pair whose records are named. */
function describeParents(options: WorldPlan['options']): readonly string[] {
  const lines = describeWorld({ options, steps: [] }).split('\n');
  return ['parents', ...lines.slice(1, -1).map((line) => `  ${line}`)];
}

export function describeStep(step: Step): string {
  if (step.do === 'parents') return `parents: ${describeStep(step.step)}`;
  const { do: what, ...rest } = step;
  return `${what} ${Object.values(rest)
    .map((part) => (typeof part === 'object' ? JSON.stringify(part) : String(part)))
    .join(' ')}`.trim();
}

export function describeViolation({ invariant, what }: Violation): string {
  return `SPEC ${invariant} is broken: ${what}`;
}
