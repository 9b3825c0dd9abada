import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.js';
import { differences, holds, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

const lookEveryMs = 20;
const patienceMs = 120_000;
const samples = 40;

/**
 * Done: A changes the e-mail and B the telephone number of a tenth of a large table at once. While some of it has arrived and
 * some has not, everything of the product is killed with SIGKILL; people edit on; the product is started again.
 * Must hold: both tables end equal, with every edit, and with as many records as before. Where the product has a
 * check of its own records, it finds nothing.
 * Why: a batch that is half done must be found out and finished, not sent blindly again nor forgotten (semantics §1.6).
 */
export const restartMidBatch: Probe = {
  name: 'restart-mid-batch',
  claim: 'killed in the middle of a batch: nothing lost, nothing doubled',
  setup: { rows: 0, rules: { name: 'ask', email: 'ask', phone: 'ask' }, deletes: 'follow', isBulk: true },
  async run(arena) {
    const journal = new Journal(arena);
    const edited = ids(1, arena.rows / 10);
    await Promise.all([journal.edit('a', edited, 'email', newEmail), journal.edit('b', edited, 'phone', newPhone)]);
    await untilSomeArrived(arena, edited);
    await arena.crash();
    const arrived = await arrivedEdits(arena, edited);
    await journal.edit('a', ids(1, 20), 'name', (id) => `meanwhile ${id}`);
    await journal.edit('b', ids(arena.rows - 19, arena.rows), 'name', (id) => `meanwhile ${id}`);
    await arena.revive();
    const revivedMs = performance.now();
    const outcome = await outcomeOf(arena);
    const secondsToRest = Math.round((performance.now() - revivedMs) / 1_000);
    const edits = journal.last();
    const lost = edits.filter(({ id, field, value }) => !holds(outcome, id, field, value)).length;
    const differing = differences(outcome).length;
    const problems = await arena.audit();
    const isMidway = arrived > 0 && arrived < edited.length * 2;
    return judge(
      `killed when ${arrived} of ${edited.length * 2} edits had arrived; all arrived within ${secondsToRest} s of the restart`,
      [
        [isMidway, `${arrived} of ${edited.length * 2} edits had arrived: it was not killed midway`],
        [lost === 0, `${lost} of ${edits.length} edits are not on both sides`],
        [differing === 0, `${differing} values differ`],
        [
          outcome.a.size === arena.rows && outcome.b.size === arena.rows,
          `${outcome.a.size} and ${outcome.b.size} records`,
        ],
        [outcome.questions.length === 0, `${outcome.questions.length} needless questions`],
        [problems === null || problems.length === 0, `its own records are wrong: ${problems?.[0] ?? ''}`],
      ],
      { arrived, edits: edits.length, lost, differing, secondsToRest },
    );
  },
};

/** Looks at a few records until one of them has the other side's edit. */
async function untilSomeArrived(arena: Arena, edited: readonly string[]): Promise<void> {
  const sample = edited.filter((_, index) => index % Math.ceil(edited.length / samples) === 0);
  const end = Date.now() + patienceMs;
  while (Date.now() < end && (await arrivedEdits(arena, sample)) === 0) await sleep(lookEveryMs);
}

/** Edits that are on the side where nobody made them. */
async function arrivedEdits(arena: Arena, looked: readonly string[]): Promise<number> {
  const [a, b] = await Promise.all([arena.a.rows(looked), arena.b.rows(looked)]);
  const onA = looked.filter((id) => a.get(id)?.phone === newPhone(id)).length;
  const onB = looked.filter((id) => b.get(id)?.email === newEmail(id)).length;
  return onA + onB;
}

const newEmail = (id: string): string => `new${id}@example.org`;
const newPhone = (id: string): string => `+49 30 ${id}`;
