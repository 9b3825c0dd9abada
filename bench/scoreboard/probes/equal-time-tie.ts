import { holds, isAsked, outcomeOf, silentDifferences } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: both sides rename the same records at the same moment and write the same stamp into `updated_at`.
 * The rule is that the last writer wins.
 * Must hold: for each record one of the two names is on both sides, or it is asked about. Never does each side keep its
 * own, and never do the sides exchange names.
 * Why: a tie that a clock cannot break diverges in silence where the clock is the only judge (peers §1, §6).
 */
export const equalTimeTie: Probe = {
  name: 'equal-time-tie',
  claim: 'edits with the same stamp do not leave the sides apart',
  setup: { rows: 200, rules: { name: 'newest', updated_at: 'later' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, 20);
    const stamp = new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString();
    await arena.part();
    await Promise.all(
      (['a', 'b'] as const).map((site) =>
        journal.editStamped(site, edited, { field: 'name', value: (id) => `${site} ${id}`, stamp }),
      ),
    );
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const apart = silentDifferences(outcome).length;
    const asked = edited.filter((id) => isAsked(outcome.questions, { id, field: 'name' })).length;
    const decided = edited.filter((id) =>
      ['a', 'b'].some((site) => holds(outcome, id, 'name', `${site} ${id}`)),
    ).length;
    return judge(
      `of ${edited.length} ties ${decided} were decided alike on both sides, ${asked} were asked`,
      [
        [apart === 0, `${apart} values differ in silence`],
        [decided + asked >= edited.length, `${edited.length - decided - asked} have a name that nobody gave`],
      ],
      { decided, asked, apart },
    );
  },
};
