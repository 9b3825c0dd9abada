import type { Row, Site } from '../arena.js';
import { differences, holds, isAsked, outcomeOf, silentDifferences } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

const inserted = ids(1_001, 1_008);
const row = (id: string, site: Site): Row => ({
  id,
  code: null,
  name: `Newcomer ${id}`,
  email: `${site}${id}@example.org`,
  phone: site === 'a' ? `+1 ${id}` : null,
  city: site === 'b' ? `Town ${id}` : null,
  stock: null,
  updated_at: null,
});

/**
 * Done: while nothing is carried across, both sides insert a record under the same key: with the same name, another
 * e-mail, and a telephone number only on A and a town only on B.
 * Must hold: there is one record a side. What only one side knew is on both. The two e-mails are asked about, or one
 * was chosen and the product's records show the other.
 * Why: two inserts under one key are two edits that had not seen each other, field by field (semantics §2.4, created on both).
 */
export const insertAndInsert: Probe = {
  name: 'insert-and-insert',
  claim: 'the same key inserted on both sides: nothing is thrown away in silence',
  setup: { rows: 1_000, rules: { name: 'ask', email: 'ask', phone: 'ask', city: 'ask' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    await arena.part();
    for (const site of ['a', 'b'] as const)
      await journal.insert(
        site,
        inserted.map((id) => row(id, site)),
      );
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const filled = inserted.filter(
      (id) => holds(outcome, id, 'phone', `+1 ${id}`) && holds(outcome, id, 'city', `Town ${id}`),
    );
    const explained: string[] = [];
    for (const id of inserted) {
      if (isAsked(outcome.questions, { id, field: 'email' })) explained.push(id);
      else {
        const known = (await arena.traces(id, 'email')).map(({ value }) => value);
        const kept = ['a', 'b'].map((site) => `${site}${id}@example.org`);
        const lost = kept.filter((value) => !holds(outcome, id, 'email', value));
        if (lost.length === 1 && lost.every((value) => known.includes(value))) explained.push(id);
      }
    }
    const asked = differences(outcome).length - silentDifferences(outcome).length;
    return judge(
      `${inserted.length} records merged, ${asked} e-mails asked`,
      [
        [
          filled.length === inserted.length,
          `${inserted.length - filled.length} of ${inserted.length} lost a value that only one side had`,
        ],
        [
          explained.length === inserted.length,
          `${inserted.length - explained.length} e-mails were thrown away without a word`,
        ],
        [silentDifferences(outcome).length === 0, `${silentDifferences(outcome).length} values differ in silence`],
      ],
      { merged: filled.length, asked },
    );
  },
};
