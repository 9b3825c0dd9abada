import { holds, outcomeOf } from '../comparison.js';
import { ids, judge, type Probe } from '../probe.js';

const start = 1_000;

/**
 * Done: A books 100 in and B 50 in of the same twenty goods while nothing is carried across; A then books 7 in, and, when
 * all is carried across, 10 out.
 * Must hold: each stock is 1,147 on both sides: every booking counts, once.
 * Why: a number that both sides add to is no register; taking one side's sum loses the other's bookings (peers §5,
 * semantics §2.2 `delta`).
 */
export const counter: Probe = {
  name: 'counter',
  claim: 'what both sides add to a number is all counted, once',
  setup: { rows: 200, rules: { stock: 'sum' }, deletes: 'follow' },
  async run(arena) {
    const booked = ids(1, 20);
    await arena.part();
    await Promise.all([arena.a.add(booked, 100), arena.b.add(booked, 50)]);
    await arena.pause();
    await arena.a.add(booked, 7);
    await arena.rejoin();
    await arena.settle();
    await arena.a.add(booked, -10);
    const outcome = await outcomeOf(arena);
    const right = booked.filter((id) => holds(outcome, id, 'stock', String(start + 100 + 50 + 7 - 10)));
    const [one = ''] = booked.filter((id) => !right.includes(id));
    const found = `${outcome.a.get(one)?.stock ?? 'nothing'} on A and ${outcome.b.get(one)?.stock ?? 'nothing'} on B`;
    return judge(
      `${right.length} of ${booked.length} stocks are 1147 on both sides`,
      [
        [
          right.length === booked.length,
          `${booked.length - right.length} of ${booked.length} stocks are not 1147: ${found}, ${outcome.questions.length} questions`,
        ],
      ],
      { right: right.length, questions: outcome.questions.length },
    );
  },
};
