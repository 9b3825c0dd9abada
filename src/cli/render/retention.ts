import type { RetentionPlan } from '../../engine/plan-retention.js';
import type { RetainResult } from '../../engine/retain-ledger.js';
import { counted } from './value.js';

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** What would be taken out of the ledgers, what for, and what nobody could be told any more. */
export function renderRetention({ beforeMs, months, pairs, problems }: RetentionPlan, values: boolean): string {
  const before = dayOf(beforeMs);
  if (pairs.length === 0) return `Nothing of the ledgers is from before ${before}.`;
  const lines = [`Before ${before}: ${counted(months.length, 'month')} of all pairs (${months.join(', ')}).`];
  for (const { pair, from, cut, records, signed, problems: own } of pairs) {
    const vouched = signed ? '' : '; no signed checkpoint vouches for them';
    lines.push(`  ${pair}: ${counted(cut - from, 'entry', 'entries')} of ${counted(records, 'record')}${vouched}`);
    for (const problem of own) lines.push(`    refused: ${problem}`);
  }
  for (const problem of problems) lines.push(`  refused: ${problem}`);
  const held = values ? 'a file has them' : 'a file has the proofs of them, and nobody has the values';
  lines.push(
    `They go out of the database, and ${held}. What each record was at ${before} is kept, with who gave each value.`,
    `Not answered any more: what a record was at a moment before ${before}, who else changed it before, and the undo of a change of then.`,
  );
  return lines.join('\n');
}

export function renderRetained({ beforeMs, months, pairs }: RetainResult, folder: string): string {
  const files = pairs.map(
    ({ pair, from, cut, file, sha256 }) =>
      `  ${pair}: ${counted(cut - from, 'entry', 'entries')} are in ${file} (SHA-256 ${sha256})`,
  );
  const gone = `${counted(months.length, 'month')} before ${dayOf(beforeMs)}`;
  return [
    `Took ${gone} out of the database; the files are in ${folder}. Each ledger was verified first.`,
    ...files,
  ].join('\n');
}
