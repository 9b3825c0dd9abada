import { type ErrorCode, ParleyError } from '../core/errors.js';
import type { PairId, SideName } from '../core/ids.js';
import type { EnginePorts } from './engine.js';
import type { SideTrouble } from './ports.js';
import type { PairRow, SideCursor, SideProblem } from './store.js';

/** The problem as it stands now: another reason is the same trouble, so it has lasted since the first one. */
export function problemSince(
  before: SideProblem | null | undefined,
  { code, text }: { readonly code: ErrorCode; readonly text: string },
  nowMs: number,
): SideProblem {
  return { code, text, sinceMs: before?.sinceMs ?? nowMs };
}

const doings = { read: 'problem', written: 'writeProblem' } as const;

/** The pair's cursors with what is wrong with one side; null ends it. */
export function withProblem(
  { cursors }: PairRow,
  side: SideName,
  doing: keyof typeof doings,
  problem: SideProblem | null,
): PairRow['cursors'] {
  const stored: SideCursor = cursors[side] ?? { cursor: null, pass: null, complete: null, problem: null };
  return { ...cursors, [side]: { ...stored, [doings[doing]]: problem } };
}

/** What is wrong with the sides of a pair now. */
export function troublesOf({ cursors }: Pick<PairRow, 'cursors'>): readonly SideTrouble[] {
  return Object.entries(cursors).flatMap(([name, cursor]) => {
    const side = name as SideName;
    const unread = cursor.problem === null ? [] : [{ side, doing: 'read' as const, ...cursor.problem }];
    const unwritten = cursor.writeProblem == null ? [] : [{ side, doing: 'written' as const, ...cursor.writeProblem }];
    return [...unread, ...unwritten];
  });
}

/** What a failure says about its side; null when the trouble is ours and not the side's. */
export function problemIn(error: unknown): { readonly code: ErrorCode; readonly text: string } | null {
  if (!(error instanceof ParleyError) || !/^(connector|config)\./.test(error.code)) return null;
  return { code: error.code, text: error.hint === undefined ? error.message : `${error.message} ${error.hint}` };
}

/** Notes that a side could not be read, where people look. Said once: the same trouble at the next attempt costs no write. */
export async function noteUnread(
  ports: EnginePorts,
  { pair, side }: { readonly pair: PairId; readonly side: SideName },
  error: unknown,
): Promise<void> {
  const found = problemIn(error);
  if (found === null) return;
  const { cursors } = await ports.store.pair(pair);
  if (cursors[side]?.problem?.text === found.text) return;
  await ports.store.transact(pair, async (transaction) => {
    const problem = problemSince(transaction.pair.cursors[side]?.problem, found, transaction.nowMs);
    await transaction.commit({
      pair: { ...transaction.pair, cursors: withProblem(transaction.pair, side, 'read', problem) },
    });
  });
}
