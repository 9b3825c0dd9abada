import { holds, isAsked, outcomeOf, silentDifferences } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

const aheadMs = 30_000;

/**
 * Done: the clock of B is 30 seconds ahead. While nothing is carried across B renames twenty records, and seconds later
 * A renames them again; both applications stamp their rows. The rule is that the last writer wins.
 * Must hold: A's names are on both sides, or the record is asked about. B's older names never win in silence.
 * Why: a clock that is wrong by seconds decides wrongly for as long, without anybody noticing (peers §6, semantics §1.10).
 */
export const clockSkew: Probe = {
  name: 'clock-skew',
  claim: 'a clock that is 30 s ahead does not let an older edit win',
  setup: {
    rows: 200,
    rules: { name: 'newest', updated_at: 'later' },
    deletes: 'follow',
    clockAheadOnBMs: aheadMs,
  },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, 20);
    await arena.part();
    const stampOfB = new Date(Date.now() + aheadMs).toISOString();
    await journal.editStamped('b', edited, { field: 'name', value: (id) => `older ${id}`, stamp: stampOfB });
    await arena.pause();
    const stampOfA = new Date().toISOString();
    await journal.editStamped('a', edited, { field: 'name', value: (id) => `newer ${id}`, stamp: stampOfA });
    await arena.pause();
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const right = edited.filter((id) => holds(outcome, id, 'name', `newer ${id}`)).length;
    const asked = edited.filter((id) => isAsked(outcome.questions, { id, field: 'name' })).length;
    const apart = silentDifferences(outcome).length;
    return judge(
      `${right} of ${edited.length} have the newer name, ${asked} were asked`,
      [
        [
          right + asked === edited.length,
          `the older edit won ${edited.length - right - asked} of ${edited.length} times`,
        ],
        [apart === 0, `${apart} values differ in silence`],
      ],
      { right, asked, apart },
    );
  },
};
