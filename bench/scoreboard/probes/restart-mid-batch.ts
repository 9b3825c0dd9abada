import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.js';
import { differences, holds, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

const lookEveryMs = 20;
const patienceMs = 120_000;
const samples = 40;

/**
 * Done: A changes the e-mail of a tenth of a large table at once, and B the telephone number of another tenth. While some of
 * it has arrived and some has not, everything of the product is killed with SIGKILL; people edit on; the product is started
 * again.
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
    const edited: Edited = { a: ids(1, arena.rows / 10), b: ids(arena.rows / 10 + 1, arena.rows / 5) };
    const total = edited.a.length + edited.b.length;
    await Promise.all([journal.edit('a', edited.a, 'email', newEmail), journal.edit('b', edited.b, 'phone', newPhone)]);
    await untilSomeArrived(arena, edited);
    await arena.crash();
    const arrived = await arrivedEdits(arena, edited);
    if (arrived === 0 || arrived === total) throw new Error(`it could not be killed midway: ${arrived} of ${total}`);
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
    return judge(
      `killed when ${arrived} of ${total} edits had arrived; all arrived within ${secondsToRest} s of the restart`,
      [
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

type Edited = { readonly a: readonly string[]; readonly b: readonly string[] };

/** Looks at a few records until one of them has the other side's edit. */
async function untilSomeArrived(arena: Arena, edited: Edited): Promise<void> {
  const few = (all: readonly string[]): readonly string[] =>
    all.filter((_, index) => index % Math.ceil(all.length / samples) === 0);
  const sample = { a: few(edited.a), b: few(edited.b) };
  const end = Date.now() + patienceMs;
  while (Date.now() < end && (await arrivedEdits(arena, sample)) === 0) await sleep(lookEveryMs);
}

/** Edits that are on the side where nobody made them. */
async function arrivedEdits(arena: Arena, edited: Edited): Promise<number> {
  const [onA, onB] = await Promise.all([arena.a.rows(edited.b), arena.b.rows(edited.a)]);
  const phones = edited.b.filter((id) => onA.get(id)?.phone === newPhone(id)).length;
  return phones + edited.a.filter((id) => onB.get(id)?.email === newEmail(id)).length;
}

const newEmail = (id: string): string => `new${id}@example.org`;
const newPhone = (id: string): string => `+49 30 ${id}`;
