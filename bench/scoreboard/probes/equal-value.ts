import { holds, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: while nothing is carried across, both sides change the same field of the same records to the same value.
 * Must hold: the value is on both sides, nobody is asked, and no conflict is recorded.
 * Why: people who agree are no conflict; counters that cry wolf are not read (peers §1 and §6, semantics R4).
 */
export const equalValue: Probe = {
  name: 'equal-value',
  claim: 'the same edit on both sides is no conflict',
  setup: { rows: 200, rules: { name: 'ask', city: 'ask' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, 20);
    const before = await arena.conflicts();
    await arena.part();
    for (const site of ['a', 'b'] as const) await journal.edit(site, edited, 'city', () => 'Springfield');
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const right = edited.filter((id) => holds(outcome, id, 'city', 'Springfield')).length;
    const after = await arena.conflicts();
    const recorded = (after ?? 0) - (before ?? 0);
    return judge(
      `${right} of ${edited.length} agree, ${after === null ? 'the product counts no conflicts' : 'no conflict recorded'}`,
      [
        [right === edited.length, `${edited.length - right} of ${edited.length} do not have the value on both sides`],
        [outcome.questions.length === 0, `${outcome.questions.length} needless questions`],
        [recorded === 0, `${recorded} false conflicts were recorded`],
      ],
      { right, conflicts: recorded },
    );
  },
};
