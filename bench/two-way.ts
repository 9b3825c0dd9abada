import { performance } from 'node:perf_hooks';
import {
  type Contacts,
  contactsPair,
  editBothSides,
  editsPerSide,
  openContacts,
  requireEntries,
  requireEqual,
} from './contacts.js';
import { applyPlan, makePlan, runCycle } from './drive.js';
import { horizon, plainTwoWay, preparePlain } from './plain.js';
import { median, type Measurement } from './report.js';
import { serverTimeMs } from './processor-time.js';
import { openStage, type Stage } from './stage.js';
import { callsIn, countStatements, type Statement } from './statements.js';

const runsDefault = 3;
const changes = 2 * editsPerSide;

type Run = {
  /** From the end of the writes until the last confirmation is committed. */
  readonly workedMs: number;
  /** The same until both tables were found equal and every change was found in the ledger. */
  readonly verifiedMs: number;
  /** Processor time of this process and of the server, both sides' sessions included; null where nobody tells. */
  readonly ownMs: number;
  readonly serverMs: number | null;
  readonly pages: number;
  readonly statements: readonly Statement[];
};

export const twoWay: Measurement = {
  name: 'two-way',
  about: '10,000 edits on each of two PostgreSQL tables until both agree, with a ledger entry each',
  async run({ say, args }) {
    const stage = await openStage();
    const counter = await countStatements(stage);
    try {
      const contacts = await openContacts(stage);
      try {
        await preparePlain(contacts);
        say('first contact');
        await applyPlan(contacts.hub.engine, contactsPair, await makePlan(contacts.hub.engine, contactsPair));
        await runCycle(contacts.hub.engine, contactsPair);
        const ours: Run[] = [];
        const plain: number[] = [];
        // The first round warms both and is not counted; then they take turns, so that the machine treats them alike.
        const rounds = Number(args[0] ?? runsDefault);
        for (let round = 0; round <= rounds; round += 1) {
          say(round === 0 ? 'warming up' : `run ${round} of ${rounds}`);
          const plainMs = await plainRun(contacts, round);
          const run = await ourRun(stage, contacts, round, counter);
          if (round === 0) continue;
          plain.push(plainMs);
          ours.push(run);
        }
        const peakMiB = process.resourceUsage().maxRSS / 1_024;
        say('folding the ledger');
        await requireSound(contacts);
        return summary(ours, plain, peakMiB);
      } finally {
        await contacts.close();
      }
    } finally {
      await counter.close();
      await stage.close();
    }
  },
};

async function ourRun(
  { postgres }: Stage,
  contacts: Contacts,
  round: number,
  counter: Awaited<ReturnType<typeof countStatements>>,
): Promise<Run> {
  const { hub } = contacts;
  await editBothSides(contacts, 'contacts', round);
  const { ledgerSize } = await hub.store.pair(contactsPair);
  await counter.reset();
  const serverBefore = await serverTimeMs(postgres.dataFolder);
  const ownBefore = process.cpuUsage();
  const start = performance.now();
  const { pages } = await runCycle(hub.engine, contactsPair);
  const workedMs = performance.now() - start;
  const own = process.cpuUsage(ownBefore);
  const serverAfter = await serverTimeMs(postgres.dataFolder);
  const checking = performance.now();
  await Promise.all([requireEqual(contacts, 'contacts'), requireEntries(hub, ledgerSize)]);
  const verifiedMs = workedMs + performance.now() - checking;
  // Read after the clock stopped; the four statements of the verification are not the engine's.
  const statements = (await counter.read()).filter(({ text }) => !/hashtextextended|json_array_length/.test(text));
  // What we wrote comes back as the other side's news; it must cost no entry. Not part of the measured time.
  const size = (await hub.store.pair(contactsPair)).ledgerSize;
  await runCycle(hub.engine, contactsPair);
  if ((await hub.store.pair(contactsPair)).ledgerSize !== size) throw new Error('assertion failed: an echo was news');
  return {
    workedMs,
    verifiedMs,
    ownMs: (own.user + own.system) / 1_000,
    serverMs: serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore,
    pages,
    statements,
  };
}

async function plainRun(contacts: Contacts, round: number): Promise<number> {
  const since = { a: await horizon(contacts.a.sql), b: await horizon(contacts.b.sql) };
  await editBothSides(contacts, 'contacts_plain', round);
  const start = performance.now();
  await plainTwoWay(contacts, since);
  await requireEqual(contacts, 'contacts_plain');
  return performance.now() - start;
}

async function requireSound({ hub }: Contacts): Promise<void> {
  const { ok, problems } = await hub.engine.verifyLedger({ pair: contactsPair });
  if (!ok) throw new Error(`assertion failed: the ledger does not fold: ${JSON.stringify(problems.slice(0, 3))}`);
}

function summary(ours: readonly Run[], plain: readonly number[], peakMiB: number) {
  const workedMs = median(ours.map((run) => run.workedMs));
  const verifiedMs = median(ours.map((run) => run.verifiedMs));
  const plainMs = median(plain);
  const last = ours.at(-1) as Run;
  const serverMs = last.serverMs === null ? null : median(ours.map((run) => run.serverMs ?? 0));
  const perPage = (...databases: string[]): number =>
    databases.reduce((sum, database) => sum + callsIn(last.statements, database), 0) / last.pages;
  return {
    what: `${changes} single-field edits on two tables of 100,000 rows, to verified agreement; median of ${ours.length}`,
    figures: [
      {
        name: 'changes a second, to verified agreement',
        value: (changes / verifiedMs) * 1_000,
        unit: '/s',
        limit: { least: 12_000 },
      },
      { name: 'changes a second, without the verification', value: (changes / workedMs) * 1_000, unit: '/s' },
      { name: 'seconds to verified agreement', value: verifiedMs / 1_000, unit: 's' },
      { name: 'seconds of plain SQL for the same rows', value: plainMs / 1_000, unit: 's' },
      { name: 'ratio to plain SQL', value: verifiedMs / plainMs, unit: 'x' },
      { name: 'SQL statements a page, our database', value: perPage('parley'), unit: '' },
      { name: 'SQL statements a page, both sides', value: perPage('a', 'b'), unit: '' },
      { name: 'processor seconds of this process', value: median(ours.map((run) => run.ownMs)) / 1_000, unit: 's' },
      ...(serverMs === null ? [] : [{ name: 'processor seconds of PostgreSQL', value: serverMs / 1_000, unit: 's' }]),
      { name: 'peak memory of the process', value: peakMiB, unit: 'MiB' },
    ],
    runs: ours.map((run, index) => ({
      workedMs: Math.round(run.workedMs),
      verifiedMs: Math.round(run.verifiedMs),
      plainMs: Math.round(plain[index] ?? 0),
      ownMs: Math.round(run.ownMs),
      serverMs: run.serverMs ?? 0,
    })),
    costs: last.statements.slice(0, 12).map(({ database, calls, totalMs, text }) => ({
      database,
      calls,
      totalMs: Math.round(totalMs),
      text: text.replace(/\s+/g, ' ').trim().slice(0, 100),
    })),
  };
}
