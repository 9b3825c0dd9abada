import type { SideName } from '../core/ids.js';
import type { ReadPage } from './connector.js';
import type { TakePageInput } from './engine.js';
import type { Page } from './page.js';
import { pairFact } from './pair-fact.js';
import type { PairRow, PairTransaction } from './store.js';

/**
 * A side whose history is another one looks like somebody who edited every record back to what it was. Whether that is meant is
 * for a person to say: nothing of it is taken. A plan reads it, under the rules that it is made for, and its approval is the answer.
 */
export function isUnexpected(
  { revision }: PairRow,
  { plan }: Pick<TakePageInput, 'plan'>,
  { isOtherHistory }: Pick<ReadPage, 'isOtherHistory'>,
): boolean {
  return isOtherHistory === true && plan === null && revision !== null;
}

export async function stopBefore(page: Page, { pair, nowMs }: PairTransaction, side: SideName): Promise<void> {
  if (pair.halt !== null) return;
  const reason =
    `${side} was put back to an earlier state, or is another system than before. It is not read, and nothing is written. ` +
    `Look at "parley plan": what it would write takes the present state of ${side} over.`;
  page.addFact(pairFact('brake', { kind: 'rule' }, { reason, counts: {} }));
  await page.commit({ pair: { halt: { reason, counts: {}, atMs: nowMs } } });
}
