import { holds, isAsked, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

const poison = 'not allowed on B';
const poisoned = '25';

/**
 * Done: A renames fifty records at once; B's table refuses the new name of one of them. Then A renames another ten.
 * Must hold: all other names arrive, then and afterwards, and a person is told about the one.
 * Why: a row that a system will not have must hold back nothing but itself; measured elsewhere, one row held back every
 * other row of its channel (peers §6).
 */
export const poisonRow: Probe = {
  name: 'poison-row',
  claim: 'a row that one side refuses holds back nothing but itself',
  setup: { rows: 200, rules: { name: 'ask' }, deletes: 'follow', refusedName: poison },
  async run(arena) {
    const journal = new Journal(arena);
    await journal.edit('a', ids(1, 50), 'name', (id) => (id === poisoned ? poison : `renamed ${id}`));
    await arena.settle();
    await journal.edit('a', ids(51, 60), 'name', (id) => `later ${id}`);
    const outcome = await outcomeOf(arena);
    const others = journal.last().filter(({ id }) => id !== poisoned);
    const arrived = others.filter(({ id, field, value }) => holds(outcome, id, field, value)).length;
    const isTold = isAsked(outcome.questions, { id: poisoned, field: 'name' });
    return judge(
      `${arrived} of ${others.length} others arrived, one question`,
      [
        [arrived === others.length, `${others.length - arrived} of ${others.length} other rows were held back`],
        [isTold, 'nobody is told about the refused row'],
        [outcome.a.get(poisoned)?.name === poison, 'the refused value is gone where it was written'],
        [outcome.questions.length <= 1, `${outcome.questions.length} questions about one row`],
      ],
      { arrived, questions: outcome.questions.length },
    );
  },
};
