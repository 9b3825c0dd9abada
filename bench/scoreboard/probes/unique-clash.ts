import { holds, isAsked, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { judge, type Probe } from '../probe.js';

const rows = 200;

/**
 * Done: while nothing is carried across, A gives record 1 and B gives record 2 the same new code; codes are unique in both
 * tables. A also renames record 3, which has nothing to do with it.
 * Must hold: all records live on both sides, each author's record has the code where it was given, the rename arrives, and
 * a person is asked: at least once, and not more than once about a record. The number is shown; one would be best.
 * Why: no value is wrong by itself and no rule can know which record is to have the code. Measured elsewhere: a record was
 * deleted in silence, five times of five (peers §6).
 */
export const uniqueClash: Probe = {
  name: 'unique-clash',
  claim: 'the same new unique value on two records: both live, a person is asked',
  setup: { rows, rules: { code: 'ask', name: 'ask' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    await arena.part();
    await journal.edit('a', ['1'], 'code', () => 'SAME');
    await journal.edit('b', ['2'], 'code', () => 'SAME');
    await journal.edit('a', ['3'], 'name', () => 'not concerned');
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const { a, b, questions } = outcome;
    const isKept = a.get('1')?.code === 'SAME' && b.get('2')?.code === 'SAME';
    const isOneEach = ['1', '2'].every((id) => questions.filter((question) => question.ids.includes(id)).length <= 1);
    return judge(
      `${a.size} and ${b.size} records live, ${questions.length} ${questions.length === 1 ? 'question' : 'questions'}`,
      [
        [a.size === rows && b.size === rows, `${a.size} of ${rows} records live on A, ${b.size} on B`],
        [isKept, `the code is ${a.get('1')?.code} on A and ${b.get('2')?.code} on B where it was given`],
        [holds(outcome, '3', 'name', 'not concerned'), 'an edit of another record did not arrive'],
        [['1', '2'].some((id) => isAsked(questions, { id, field: 'code' })), 'nobody is asked'],
        [isOneEach, `${questions.length} questions about two records`],
      ],
      { onA: a.size, onB: b.size, questions: questions.length },
    );
  },
};
