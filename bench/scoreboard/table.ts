import type { Absent, Score, Scorecard } from './scorecard.js';

const markOf = { pass: 'pass', fail: 'FAIL', 'not applicable': '-', 'not tried': '?' } as const;

/** A line a probe, a column a product; below it what went wrong, and what each product was. */
export function printScoreboard(result: {
  readonly scorecards: readonly Scorecard[];
  readonly absent: readonly Absent[];
  readonly leftOut: readonly string[];
}): void {
  const { scorecards, absent, leftOut } = result;
  const names = scorecards.map(({ contestant }) => contestant);
  const widths = names.map((name) => Math.max(name.length, 8) + 2);
  const probes = scorecards[0]?.scores.map(({ probe }) => probe) ?? [];
  const row = (first: string, cells: readonly string[]): string =>
    first.padEnd(24) + cells.map((cell, index) => cell.padEnd(widths[index] ?? 10)).join('');
  console.log(row('', names));
  for (const [index, probe] of probes.entries())
    console.log(
      row(
        `${String(index + 1).padStart(2)} ${probe}`,
        scorecards.map(({ scores }) => markOf[scores[index]?.result ?? 'fail']),
      ),
    );
  console.log(
    row(
      '',
      scorecards.map(({ passed, of }) => `${passed} of ${of}`),
    ),
  );
  for (const { contestant, version, about, scores } of scorecards) {
    console.log(`\n${contestant} ${version}: ${about}`);
    for (const score of scores) console.log(`  ${lineOf(score)}`);
  }
  if (leftOut.length > 0) console.log(`\nLeft out: ${leftOut.join(', ')}`);
  for (const { contestant, reason } of absent) console.log(`\n${contestant} is not here: ${reason}`);
}

const lineOf = ({ probe, result, why, seconds }: Score): string =>
  `${markOf[result].padEnd(5)} ${probe.padEnd(20)} ${why} (${seconds} s)`;
