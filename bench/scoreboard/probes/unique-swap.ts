import { differences, outcomeOf } from '../comparison.js';
import { judge, type Probe } from '../probe.js';

/** What A wants in the end: two codes change places, three go round. */
const wanted: ReadonlyMap<string, string> = new Map([
  ['1', 'C2'],
  ['2', 'C1'],
  ['3', 'C4'],
  ['4', 'C5'],
  ['5', 'C3'],
]);

/**
 * Done: in one transaction, A swaps the unique codes of two records and rotates those of three; both tables have a unique
 * constraint that is checked at once.
 * Must hold: B has the same codes, no record is missing, and nobody is asked.
 * Why: row by row the writes collide, although the end state is allowed (semantics §1.13).
 */
export const uniqueSwap: Probe = {
  name: 'unique-swap',
  claim: 'records that swap a unique value are swapped on the other side',
  setup: { rows: 200, rules: { code: 'ask', name: 'ask' }, deletes: 'follow' },
  async run(arena) {
    const moves = [...wanted];
    await arena.a.edit([
      ...moves.map(([id]) => ({ id, set: { code: null } })),
      ...moves.map(([id, code]) => ({ id, set: { code } })),
    ]);
    const outcome = await outcomeOf(arena);
    const right = moves.filter(([id, code]) => outcome.a.get(id)?.code === code && outcome.b.get(id)?.code === code);
    const differing = differences(outcome).length;
    return judge(
      `${right.length} of ${moves.length} codes are right on both sides`,
      [
        [right.length === moves.length, `${moves.length - right.length} of ${moves.length} codes did not arrive`],
        [differing === 0, `${differing} values differ`],
        [outcome.questions.length === 0, `${outcome.questions.length} questions`],
      ],
      { right: right.length, questions: outcome.questions.length },
    );
  },
};
