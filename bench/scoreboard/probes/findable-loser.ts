import { holds, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: while nothing is carried across, both sides change the e-mail and the telephone number of ten records. The rule
 * is that A wins.
 * Must hold: A's values are on both sides, and for each value of B that lost, the product's own records show the
 * value, that it was B's, and when it was made.
 * Why: a rule that throws values away is only safe if a person can find what was thrown away (peers §4 and §6).
 */
export const findableLoser: Probe = {
  name: 'findable-loser',
  claim: 'each value that lost can be found, by field, with whose it was and when',
  setup: { rows: 200, rules: { email: 'prefer-a', phone: 'prefer-a' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, 10);
    await arena.part();
    for (const site of ['b', 'a'] as const) {
      await journal.edit(site, edited, 'email', (id) => `${site}${id}@example.org`);
      await journal.edit(site, edited, 'phone', (id) => `+49 30 ${site} ${id}`);
      await arena.pause();
    }
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const winners = journal.lastOn('a').filter(({ id, field, value }) => holds(outcome, id, field, value)).length;
    const losers = journal.lastOn('b');
    let [found, complete] = [0, 0];
    for (const { id, field, value } of losers) {
      const traces = (await arena.traces(id, field)).filter((trace) => trace.value === value);
      if (traces.length > 0) found += 1;
      if (traces.some(({ site, at }) => site === 'b' && at !== null)) complete += 1;
    }
    return judge(
      `${complete} of ${losers.length} losing values found, with whose and when`,
      [
        [
          winners === losers.length,
          `${losers.length - winners} of ${losers.length} values are not those of A on both sides`,
        ],
        [found === losers.length, `${losers.length - found} of ${losers.length} losing values cannot be found`],
        [complete === found, `${found - complete} were found without whose they were or when`],
      ],
      { winners, found, complete },
    );
  },
};
