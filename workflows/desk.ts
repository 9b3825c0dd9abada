import { allHandlersFinished, condition, setHandler } from '@temporalio/workflow';
import type { CycleSummary } from '../activities/contract.js';
import type { PairId } from '../src/core/ids.js';
import { poke, runNow, setMode } from './messages.js';
import { books } from './proxies.js';

/** What people asked of the pair's workflow, and how far the loop has got with it. */
export type Desk = {
  /** True when the loop should not rest: somebody asked for something. */
  readonly wanted: () => boolean;
  /** True when the batch under way should be the last one of this turn: the mode changed. */
  readonly interrupted: () => boolean;
  /**
   * Waits until everybody who asked has an answer. False when somebody asked for more meanwhile; true when a successor
   * may take over at once without losing a request. A poke is never lost: the first turn of a run looks at everything.
   */
  readonly settle: () => Promise<boolean>;
  /** Takes note of everything asked so far; the turn that begins now serves it. */
  readonly beginTurn: () => Turn;
};
export type Turn = {
  /** Somebody waits for a whole cycle. */
  readonly runNow: boolean;
  /** Answers those who asked for a cycle before the turn began. */
  readonly serve: (summary: CycleSummary) => void;
};

/** Registers the handlers; must be called before the workflow's first wait. */
export function openDesk(pair: PairId): Desk {
  let asked = 0;
  let served = 0;
  let poked = false;
  let changed = false;
  let summary: CycleSummary | undefined;

  setHandler(poke, () => {
    poked = true;
  });
  setHandler(runNow, async () => {
    asked += 1;
    const ticket = asked;
    await condition(() => served >= ticket);
    return summary as CycleSummary;
  });
  setHandler(setMode, async ({ change, by }) => {
    await books.setMode({ pair, change, by });
    changed = true;
    // The next turn begins only when no batch is under way, and it reads the new mode: from then on the mode holds.
    await condition(() => !changed);
  });

  return {
    wanted: () => poked || changed || asked > served,
    interrupted: () => changed,
    async settle() {
      const unanswered = (): boolean => changed || asked > served;
      await condition(() => unanswered() || allHandlersFinished());
      return !unanswered() && allHandlersFinished();
    },
    beginTurn() {
      const upTo = asked;
      poked = false;
      changed = false;
      return {
        runNow: upTo > served,
        serve(result) {
          summary = result;
          served = upTo;
        },
      };
    },
  };
}
