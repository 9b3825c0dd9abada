import { holds, outcomeOf, silentDifferences } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: an edit and a delete are carried across. Then both sides edit other records while nothing is carried across, and
 * the product loses what it kept to know what changed on A (which that is, the contestant says). One that stops then and says
 * what to do is answered as it says.
 * Must hold: every edit arrives on both sides, what was carried before is not undone, and the deleted records stay deleted.
 * Why: change logs are purged, slots dropped, servers restored; silence about what was never sent is the worst answer
 * (peers §0 and §2, semantics §1.9).
 */
export const lostMetadata: Probe = {
  name: 'lost-metadata',
  claim: 'losing what was known about changes loses no change, and revives no dead',
  setup: { rows: 1_500, rules: { name: 'ask', phone: 'ask' }, deletes: 'follow', losesMetadata: true },
  async run(arena) {
    const journal = new Journal(arena);
    const deleted = ids(6, 8);
    await journal.edit('b', ids(1, 5), 'name', (id) => `carried ${id}`);
    await arena.settle();
    await arena.a.remove(deleted);
    await arena.settle();
    await arena.part();
    await journal.edit('a', ids(11, 30), 'name', (id) => `of a ${id}`);
    await journal.edit('b', ids(31, 50), 'phone', (id) => `+49 30 ${id}`);
    const lost = await arena.forget();
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const edits = journal.last();
    const missing = edits.filter(({ id, field, value }) => !holds(outcome, id, field, value)).length;
    const revived = deleted.filter((id) => outcome.a.has(id) || outcome.b.has(id)).length;
    const apart = silentDifferences(outcome).length;
    return judge(
      `${edits.length} of ${edits.length} edits are on both sides after losing ${lost}`,
      [
        [missing === 0, `after losing ${lost}: ${missing} of ${edits.length} edits are not on both sides`],
        [revived === 0, `${revived} of ${deleted.length} deleted records came back`],
        [apart === 0, `${apart} values differ in silence`],
      ],
      { edits: edits.length, missing, revived, apart },
    );
  },
};
