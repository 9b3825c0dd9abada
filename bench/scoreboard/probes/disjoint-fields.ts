import { holds, outcomeOf, silentDifferences } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: while nothing is carried across, A changes the e-mail and B the telephone number of the same records.
 * Must hold: both edits of each record are on both sides, and nobody is asked anything.
 * Why: edits of different fields do not exclude each other. Whole-row products lose half of them (peers §0, §5).
 */
export const disjointFields: Probe = {
  name: 'disjoint-fields',
  claim: 'edits of different fields of one record are both kept',
  setup: { rows: 2_000, rules: { email: 'ask', phone: 'ask' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, 200);
    await arena.part();
    await Promise.all([
      journal.edit('a', edited, 'email', (id) => `new${id}@example.org`),
      journal.edit('b', edited, 'phone', (id) => `+49 30 ${id}`),
    ]);
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const edits = journal.last();
    const lost = edits.filter(({ id, field, value }) => !holds(outcome, id, field, value)).length;
    return judge(
      `${edits.length} of ${edits.length} edits are on both sides`,
      [
        [lost === 0, `${lost} of ${edits.length} edits are not on both sides`],
        [silentDifferences(outcome).length === 0, `${silentDifferences(outcome).length} values differ in silence`],
        [outcome.questions.length === 0, `${outcome.questions.length} needless questions`],
      ],
      { edits: edits.length, lost, questions: outcome.questions.length },
    );
  },
};
