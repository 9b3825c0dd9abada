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

/** Answers everything that is open now. Whoever was quicker is no matter: what is left is there the next time. */
export async function answerAll({ client }: Stack, pair: PairId, chance: Chance): Promise<number> {
  let answered = 0;
  const { rows } = await client.conflicts.list({ pair, limit: 500 });
  for (const open of rows) {
    if (open.kind !== 'clash' && open.kind !== 'delete') continue;
    await client.conflicts
      .decide(open.id, { vv: open.vv, choice: choiceFor(open, chance), note: null })
      .then(() => void (answered += 1))
      .catch(() => undefined);
  }
  return answered;
}

/** To keep what some side holds; of a deleted record, to delete it everywhere or to bring it back. */
function choiceFor({ kind, sides }: ConflictView, chance: Chance) {
  if (kind === 'delete') return { kind: chance.next() < 0.5 ? ('delete' as const) : ('restore' as const) };
  const [side = '', ...others] = Object.keys(sides);
  return { kind: 'keep' as const, side: chance.oneOf([side, ...others]) };
}
