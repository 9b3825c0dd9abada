import { holds, isSame, outcomeOf, silentDifferences } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: as in "disjoint fields", but both applications write their own moment into `updated_at` with every edit,
 * as most applications do.
 * Must hold: every edit is on both sides, the stamp of each record is the same on both and one of the two that were
 * written, and nobody is asked.
 * Why: the stamp is a field that always clashes. It makes whole-row and old-value detection lose edits or never end (peers §6).
 */
export const bothStamp: Probe = {
  name: 'both-stamp',
  claim: 'both applications stamp their rows: every edit kept, one stamp',
  setup: { rows: 2_000, rules: { email: 'ask', phone: 'ask', updated_at: 'later' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, 200);
    const now = Date.now();
    const stamps = [now, now + 1_234].map((ms) => new Date(ms).toISOString());
    const [stampOfA = '', stampOfB = ''] = stamps;
    await arena.part();
    await Promise.all([
      journal.editStamped('a', edited, { field: 'email', value: (id) => `new${id}@example.org`, stamp: stampOfA }),
      journal.editStamped('b', edited, { field: 'phone', value: (id) => `+49 30 ${id}`, stamp: stampOfB }),
    ]);
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const edits = journal.last();
    const lost = edits.filter(({ id, field, value }) => !holds(outcome, id, field, value)).length;
    const stamped = edited.filter((id) => {
      const [left, right] = [outcome.a.get(id)?.updated_at ?? null, outcome.b.get(id)?.updated_at ?? null];
      return isSame('updated_at', left, right) && stamps.some((stamp) => isSame('updated_at', left, stamp));
    }).length;
    return judge(
      `${edits.length} of ${edits.length} edits and one stamp for each record`,
      [
        [lost === 0, `${lost} of ${edits.length} edits are not on both sides`],
        [
          stamped === edited.length,
          `${edited.length - stamped} of ${edited.length} records do not have one of the stamps`,
        ],
        [silentDifferences(outcome).length === 0, `${silentDifferences(outcome).length} values differ in silence`],
        [outcome.questions.length === 0, `${outcome.questions.length} needless questions`],
      ],
      { edits: edits.length, lost, stamped },
    );
  },
};
