import { setTimeout as sleep } from 'node:timers/promises';
import type { PairId } from '../../src/core/ids.js';
import type { Chance } from '../faults/chance.js';
import { answerAll } from './answers.js';
import type { Stack } from './stack.js';

const settleWithinMs = 480_000;
/** Cycles in a row in which nothing moved. */
const quietCycles = 2;
/** An answer may lead to another question: two people had answered two of one record. */
const answerRounds = 8;
/** Rounds in a row in which no answer was taken. */
const inVainMax = 3;

/** A plan and its approval, as a person gives it: at first contact, and when a brake has stopped a pair. */
export async function approve({ client }: Stack, pair: PairId): Promise<void> {
  const { id } = await client.plans.request(pair);
  const until = async (wanted: string): Promise<void> => {
    for (const endMs = Date.now() + settleWithinMs; Date.now() < endMs; await sleep(100)) {
      const { state, problem } = await client.plans.show(id);
      if (state === wanted) return;
      if (state === 'failed') throw new Error(`the plan of ${pair} failed: ${problem ?? 'without a reason'}`);
    }
    throw new Error(`the plan of ${pair} was not ${wanted} in time`);
  };
  await until('ready');
  await client.plans.approve(id);
  await until('applied');
}

/** Runs cycles until nothing is found, written or on its way. @returns how often a brake had to be lifted */
export async function settle(stack: Stack, pair: PairId): Promise<number> {
  const { client } = stack;
  let quiet = 0;
  let lifted = 0;
  let last = 'nothing was seen';
  for (const endMs = Date.now() + settleWithinMs; Date.now() < endMs; ) {
    try {
      const cycle = await client.pairs.run(pair);
      const { halt, agreement } = await client.pairs.show(pair);
      last = JSON.stringify({ cycle, halt, agreement });
      if (halt !== null) {
        lifted += 1;
        await approve(stack, pair);
      }
      const { edited, created, deleted, asked, written, refused, problem } = cycle;
      const { onItsWay, undecided } = agreement.differ;
      const isStill =
        problem === null && halt === null && edited + created + deleted + asked + written + refused + onItsWay === 0;
      // What moved under an approved plan waits for the next one.
      if (isStill && undecided > 0) await approve(stack, pair);
      quiet = isStill && undecided === 0 ? quiet + 1 : 0;
      if (quiet === quietCycles) return lifted;
    } catch (error) {
      // Servers that were killed last are still coming up.
      last = error instanceof Error ? error.message : String(error);
      await sleep(500);
    }
    if (quiet === 0) await sleep(100);
  }
  throw new Error(`${pair} did not come to rest within ${settleWithinMs / 1_000} s: ${last}`);
}

/**
 * Until nothing moves and nothing is asked any more: people answer what is left. An answer may be refused because the one
 * to another question of the record came first, or by an API that has only just found its database again.
 * @returns as `settle` does
 * @throws Error when several times in a row not one answer is taken: nobody can answer what is asked
 */
export async function settleAll(stack: Stack, pair: PairId, chance: Chance): Promise<number> {
  let lifted = await settle(stack, pair);
  let inVain = 0;
  for (let round = 0; round < answerRounds; round += 1) {
    const { asked, refused } = await answerAll(stack, pair, chance);
    if (asked === 0 && refused.length === 0) return lifted;
    inVain = refused.length >= asked ? inVain + 1 : 0;
    if (inVain === inVainMax) throw new Error(`${asked} questions cannot be answered: ${refused.join('; ')}`);
    lifted += await settle(stack, pair);
  }
  return lifted;
}
