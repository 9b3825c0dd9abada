import type { ConflictView } from '../../src/contract/api/conflicts.js';
import type { PairId } from '../../src/core/ids.js';
import type { Chance } from '../faults/chance.js';
import type { Stack } from './stack.js';

/** Answers the oldest question about a value and the oldest about a delete. @returns how many were there */
export async function answerOne({ client }: Stack, pair: PairId, chance: Chance): Promise<number> {
  let answered = 0;
  for (const kind of ['clash', 'delete'] as const) {
    const { rows } = await client.conflicts.list({ pair, kind, limit: 1 });
    for (const open of rows) {
      await client.conflicts.decide(open.id, { vv: open.vv, choice: choiceFor(open, chance), note: null });
      answered += 1;
    }
  }
  return answered;
}

/** Answers everything that is open now. @returns how many were there, and what was said to those that were not taken */
export async function answerAll({ client }: Stack, pair: PairId, chance: Chance) {
  const refused: string[] = [];
  const list = await client.conflicts.list({ pair, limit: 500 }).catch((error: unknown) => {
    refused.push(`the list: ${String(error)}`);
    return { rows: [] };
  });
  const open = list.rows.filter(({ kind }) => kind === 'clash' || kind === 'delete');
  for (const one of open) {
    await client.conflicts
      .decide(one.id, { vv: one.vv, choice: choiceFor(one, chance), note: null })
      .catch((error: unknown) => refused.push(`CF-${one.id} (${one.kind}): ${String(error)}`));
  }
  return { asked: open.length, refused };
}

/** To keep what some side holds; of a deleted record, to delete it everywhere or to bring it back. */
function choiceFor({ kind, sides }: ConflictView, chance: Chance) {
  if (kind === 'delete') return { kind: chance.next() < 0.5 ? ('delete' as const) : ('restore' as const) };
  const [side = '', ...others] = Object.keys(sides);
  return { kind: 'keep' as const, side: chance.oneOf([side, ...others]) };
}
