import type { Outcome } from './run.js';

type Counts = { readonly [name: string]: number };
const counters = ['killed', 'faults', 'requests', 'missed', 'waited'] as const;
const numbers = [
  'kills',
  'edits',
  'created',
  'deleted',
  'decided',
  'asked',
  'writes',
  'ledger',
  'brakesLifted',
] as const satisfies readonly (keyof Outcome)[];

/** The figures of several runs as those of one. @throws Error when there is none */
export function sumOf(outcomes: readonly Outcome[]): Outcome {
  const [first, ...others] = outcomes;
  if (first === undefined) throw new Error('there is no run to sum up');
  return others.reduce(added, first);
}

function added(one: Outcome, other: Outcome): Outcome {
  const of = <Name extends string>(names: readonly Name[], value: (name: Name) => unknown) =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  const sums = {
    ...of(numbers, (name) => one[name] + other[name]),
    ...of(counters, (name) => addedCounts(one[name], other[name])),
  } as Pick<Outcome, (typeof numbers)[number] | (typeof counters)[number]>;
  return {
    ...one,
    ...sums,
    violations: [...one.violations, ...other.violations],
    skipped: [...new Set([...one.skipped, ...other.skipped])],
    writesPerEdit: Math.round((sums.writes / Math.max(1, sums.edits + sums.created + sums.deleted)) * 100) / 100,
    seconds: {
      whole: one.seconds.whole + other.seconds.whole,
      trouble: one.seconds.trouble + other.seconds.trouble,
      healing: one.seconds.healing + other.seconds.healing,
      checking: one.seconds.checking + other.seconds.checking,
      longestStall: Math.max(one.seconds.longestStall, other.seconds.longestStall),
    },
    load: Math.max(one.load, other.load),
    folders: [...one.folders, ...other.folders],
  };
}

function addedCounts(one: Counts, other: Counts): Counts {
  const sums = new Map(Object.entries(one));
  for (const [name, count] of Object.entries(other)) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries([...sums].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
