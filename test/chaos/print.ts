import type { Outcome } from './run.js';

/** Of each kind. */
const violationsShown = 8;

/** The summary for people. */
export function printOutcome(outcome: Outcome): void {
  const { violations, kills, edits, created, deleted, decided, asked, writes, writesPerEdit, ledger, brakesLifted } =
    outcome;
  const { whole, trouble, healing, checking, longestStall } = outcome.seconds;
  list(`${kills} kills in ${trouble} s, ${whole} s with all else (seed ${outcome.seed})`, outcome.killed);
  list('faults', outcome.faults);
  list("Parley's requests to the HTTP side", outcome.requests);
  list('points where nobody came by in time', outcome.missed);
  list('seconds that those who kill waited for', outcome.waited);
  for (const reason of outcome.skipped) console.log(`skipped: ${reason}`);
  console.log(
    `${edits} edits, ${created} new and ${deleted} deleted records, ${decided} questions answered, ${asked} still open`,
  );
  console.log(
    `${writes} writes, ${writesPerEdit} for each edit; ${ledger} ledger entries; brakes lifted ${brakesLifted} times`,
  );
  console.log(
    `at rest ${healing} s after the last kill, checked in ${checking} s; the longest time without a commit was ${longestStall} s`,
  );
  const shown = new Map<string, number>();
  for (const violation of violations) {
    const kind = violation.split(': ').slice(0, 2).join(': ');
    const count = (shown.get(kind) ?? 0) + 1;
    shown.set(kind, count);
    if (count <= violationsShown) console.log(`VIOLATION ${violation}`);
  }
  for (const [kind, count] of shown)
    if (count > violationsShown) console.log(`... and ${count - violationsShown} more of ${kind}`);
  for (const folder of outcome.folders) console.log(`logs, journals and databases: ${folder}`);
  console.log(
    violations.length === 0 ? 'No edit lost, nothing doubled, all sides agree.' : `${violations.length} violations.`,
  );
}

function list(title: string, counts: { readonly [name: string]: number }): void {
  const entries = Object.entries(counts);
  if (entries.length === 0) return;
  console.log(`${title}:`);
  for (const [name, count] of entries) console.log(`  ${String(count).padStart(5)}  ${name}`);
}
