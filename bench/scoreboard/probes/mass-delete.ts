import { outcomeOf } from '../comparison.js';
import { ids, judge, type Probe } from '../probe.js';

const rows = 200;

/**
 * Done: somebody deletes half of the table on A by mistake. Deletes are to be followed.
 * Must hold: B still has every record, and a person is told.
 * Why: nobody deletes half of what they have on purpose; following it in seconds turns one mistake into two
 * (peers §6, semantics §2.4, the brake).
 */
export const massDelete: Probe = {
  name: 'mass-delete',
  claim: 'half of a table deleted on one side is stopped and reported, not followed',
  setup: { rows, rules: { name: 'ask' }, deletes: 'follow' },
  async run(arena) {
    await arena.a.remove(ids(1, rows / 2));
    const outcome = await outcomeOf(arena);
    return judge(
      `B still has all ${rows} records, and a person is told`,
      [
        [outcome.b.size === rows, `${rows - outcome.b.size} records were deleted on B`],
        [outcome.questions.length > 0, 'nobody is told'],
      ],
      { left: outcome.b.size, questions: outcome.questions.length },
    );
  },
};
