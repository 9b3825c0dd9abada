import { holds, isAsked, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

/**
 * Done: while nothing is carried across, A names twenty records, then B names all of them, then A names ten of them
 * again; time passes in between. The rule is that the last writer wins.
 * Must hold: each of the twenty has the name of its own last writer on both sides. A product that picks one winner for
 * the whole table, or by who spoke first, gets half of them wrong.
 * Why: peers §5, where a table-level winner was measured; semantics §1.10.
 */
export const interleavedWriters: Probe = {
  name: 'interleaved-writers',
  claim: 'the last writer of each record wins, record by record',
  setup: { rows: 200, rules: { name: 'newest' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    await arena.part();
    await journal.edit('a', ids(1, 20), 'name', (id) => `first of a ${id}`);
    await arena.pause();
    await journal.edit('b', ids(1, 20), 'name', (id) => `of b ${id}`);
    await arena.pause();
    await journal.edit('a', ids(1, 10), 'name', (id) => `last of a ${id}`);
    await arena.pause();
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const last = journal.last();
    const right = last.filter(({ id, field, value }) => holds(outcome, id, field, value));
    const asked = last.filter((note) => isAsked(outcome.questions, note));
    const wrong = last.length - right.length - asked.length;
    return judge(
      `${right.length} of ${last.length} have their last writer's name`,
      [[right.length === last.length, `${wrong} of ${last.length} have another name, ${asked.length} were asked`]],
      { right: right.length, asked: asked.length, wrong },
    );
  },
};
