import type { EnginePorts } from './engine.js';
import { problemIn, problemSince, withProblem } from './side-problem.js';
import type { DeliveryRow } from './store.js';

/**
 * A side that could not be written at all: what a connector throws says that nothing of the batch took effect, so the
 * delivery waits as before, with its age. Any other failure leaves it `sent`, to be looked at.
 */
export async function takeBack(
  ports: EnginePorts,
  { delivery, wasSent }: { readonly delivery: DeliveryRow; readonly wasSent: boolean },
  error: unknown,
): Promise<void> {
  const found = problemIn(error);
  if (found === null) return;
  const { pair, id, side, attempt } = delivery;
  await ports.store.transact(pair, async (transaction) => {
    const now = await transaction.delivery(id);
    const isMine = !wasSent && now?.state === 'sent' && now.attempt === attempt + 1;
    const problem = problemSince(transaction.pair.cursors[side]?.writeProblem, found, transaction.nowMs);
    await transaction.commit({
      pair: { ...transaction.pair, cursors: withProblem(transaction.pair, side, 'written', problem) },
      deliveryStates: isMine ? [{ id, state: 'planned', attempt: attempt + 1 }] : [],
    });
  });
}
