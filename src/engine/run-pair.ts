import { brakeFor, type Brake, type RunLoad } from '../core/brake.js';
import { ParleyError } from '../core/errors.js';
import type { EntityId, PairId, SideName } from '../core/ids.js';
import { unpack } from '../core/pack.js';
import { limitsOf } from '../core/rules.js';
import { standings } from '../core/standing.js';
import type { EnginePorts, NextStep } from './engine.js';
import { controlPage } from './control-page.js';
import { deletesOf } from './deletes-of.js';
import { markHighWater, noticeRestore } from './notice-restore.js';
import { overCounter, plannedCounter } from './write-counters.js';
import { pairFact } from './pair-fact.js';
import type { CycleSummary, SideTrouble } from './ports.js';
import { activeRevision, revisionOf } from './revision.js';
import { troublesOf } from './side-problem.js';
import type { PairMode, PairRow, PairTransaction, SavedRevision } from './store.js';
import { mayWrite, pageSizeDefault, settleMode, settleOn } from './take-page.js';

/** What the pair's workflow does next, from Postgres alone: a workflow that was lost goes on where the rows stand. */
export async function nextStep(ports: EnginePorts, input: { pair: PairId }): Promise<NextStep> {
  const pair = await noticeRestore(ports, await ports.store.pair(input.pair));
  const plan = await ports.store.openPlan(input.pair);
  const revision = await revisionOf(ports, input.pair, pair.revision ?? pair.latestRevision);
  const open = await ports.store.openDeliveries(input.pair);
  const { run, sides } = revision.rules;
  const listings = pair.mode === 'new' || pair.mode === 'paused' ? [] : await listedSides(ports, revision);
  const verifyDue =
    run.verifyEveryMs !== null &&
    pair.mode === 'active' &&
    (await ports.store.nowMs()) - (pair.lastVerifyAtMs ?? 0) > run.verifyEveryMs;
  return {
    mode: pair.mode,
    halted: pair.halt !== null,
    sides: sides.map(({ name }) => name),
    everyMs: run.everyMs,
    listings,
    deliveries: open.filter(({ state }) => state === 'sent' || mayWrite(pair)).map(({ id, side }) => ({ id, side })),
    plan:
      plan !== null && (plan.state === 'reading' || plan.state === 'deciding' || plan.state === 'applying')
        ? { id: plan.id, state: plan.state }
        : null,
    waiting: pair.waiting && settleMode(pair) === 'write',
    run: pair.nextRun,
    verifyDue,
  };
}

/** Sides whose keys are listed. One that is out of reach is left out this time: it must not hide what else is to be done. */
async function listedSides(ports: EnginePorts, revision: SavedRevision): Promise<readonly SideName[]> {
  const listed: SideName[] = [];
  for (const side of revision.rules.sides) {
    try {
      const connector = await ports.connectors.open(revision, side);
      if ((await deletesOf(connector)) === 'listing') listed.push(side.name);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
    }
  }
  return listed;
}

/**
 * Stops the writes of a run that is out of proportion, before the first of them (SPEC I16). What the run has written
 * already does not count: a run that crashes cut short goes on under its number, however long that takes.
 */
export async function checkBrakes(
  ports: EnginePorts,
  input: { pair: PairId; run: number },
): Promise<{ halted: boolean }> {
  const counts = await ports.store.runCounts(input.pair, input.run);
  const pair = await ports.store.pair(input.pair);
  if (pair.halt !== null) return { halted: true };
  const { rules } = await activeRevision(ports, pair);
  const left = (kind: 'create' | 'update' | 'delete'): number =>
    (counts[plannedCounter[kind]] ?? 0) - (counts[overCounter[kind]] ?? 0);
  const brakeOn = (load: Load): Brake | null =>
    brakeFor({
      linked: pair.linked,
      ...load,
      deleteLimit: rules.run.deleteLimit,
      limits: limitsOf(rules),
    });
  if (brakeOn({ creates: left('create'), deletes: left('delete'), changes: left('update') }) === null)
    return { halted: false };
  return ports.store.transact(input.pair, async (transaction) => {
    const waiting = await waitingWrites(transaction, input.run);
    const brake = brakeOn(waiting);
    if (brake === null) return { halted: false };
    const page = controlPage(ports, transaction, rules, { id: input.run, kind: 'poll' });
    page.addFact(pairFact('brake', { kind: 'rule' }, { reason: brake.reason, counts: brake.counts }));
    await page.commit({ pair: { halt: { ...brake, atMs: transaction.nowMs } } });
    ports.log.warn({ pair: input.pair, run: input.run }, brake.reason);
    return { halted: true };
  });
}

type Load = Pick<RunLoad, 'creates' | 'deletes' | 'changes'>;

/** What of a run would be sent now. Its counters cannot know what a later page of it took back. */
async function waitingWrites(transaction: PairTransaction, run: number): Promise<Load> {
  const counts = { creates: 0, changes: 0, deletes: 0 };
  for (const id of transaction.planned) {
    const delivery = await transaction.delivery(id);
    if (delivery?.run !== run || delivery.plan !== null) continue;
    const stored = await transaction.entitiesByIds(delivery.items.map(({ entity }) => entity));
    const current = new Set(
      stored
        .filter(({ state }) => unpack(state).sides[delivery.side]?.intent?.delivery === id)
        .map((entity) => entity.id),
    );
    for (const { entity, kind } of delivery.items) if (current.has(entity)) counts[plannedCounter[kind]] += 1;
  }
  return counts;
}

/** A record that is asked or refused in one field may have another one that waits. */
const mayWait = standings.filter((standing) => !['agreed', 'override', 'gone', 'archived'].includes(standing));

/** Plans what was left undone while the pair was held, a page of entities at a time. */
export async function planWaiting(
  ports: EnginePorts,
  input: { pair: PairId; run: number; after: EntityId | null },
): Promise<{ next: EntityId | null; planned: number }> {
  const pair = await ports.store.pair(input.pair);
  const { rules } = await activeRevision(ports, pair);
  const limit = ports.pageSize ?? pageSizeDefault;
  const candidates = await ports.store.entities(input.pair, {
    after: input.after,
    limit,
    standings: mayWait,
  });
  const last = candidates.length < limit;
  return ports.store.transact(input.pair, async (transaction) => {
    const page = controlPage(ports, transaction, rules, { id: input.run, kind: 'poll' });
    await page.fetch(candidates.map(({ id }) => id));
    const mode = settleMode(transaction.pair);
    for (const { id } of candidates) settleOn(page, id, rules, mode);
    if (mode === 'write' && last) page.leaveWaiting(false);
    await page.commit();
    return { next: last ? null : (candidates.at(-1)?.id ?? null), planned: candidates.length };
  });
}

/** Closes the run, if it did anything, and says what it did. */
export async function endRun(
  ports: EnginePorts,
  input: { pair: PairId; run: number; problem: string | null },
): Promise<CycleSummary> {
  const counts = await ports.store.runCounts(input.pair, input.run);
  const { read = 0, edited = 0, created = 0, deleted = 0, asked = 0, written = 0, refused = 0, setAside = 0 } = counts;
  const pair = await ports.store.pair(input.pair);
  const halted = pair.halt !== null;
  if (Object.keys(counts).length > 0 || input.problem !== null) {
    const ended = input.problem !== null ? 'failed' : halted ? 'halted' : refused > 0 ? 'partly' : 'done';
    await ports.store.transact(input.pair, async (transaction) => {
      if (transaction.pair.nextRun !== input.run) return;
      await transaction.commit({
        pair: { ...transaction.pair, nextRun: input.run + 1 },
        run: { id: input.run, kind: 'poll', add: {}, ended, problem: input.problem },
      });
    });
  }
  await markHighWater(ports, pair);
  const counted = { read, edited, created, deleted, asked, written, refused, setAside };
  return { ...counted, halted, problem: input.problem, troubles: await troublesNow(ports, pair) };
}

/** A side that nothing waits to be written to is in no trouble, whatever the last attempt came to. */
async function troublesNow(ports: EnginePorts, pair: PairRow): Promise<readonly SideTrouble[]> {
  const troubles = troublesOf(pair);
  if (troubles.every(({ doing }) => doing === 'read')) return troubles;
  const open = new Set((await ports.store.openDeliveries(pair.pair)).map(({ side }) => side));
  return troubles.filter(({ doing, side }) => doing === 'read' || open.has(side));
}

/** Changes the mode of a pair, as a fact of the ledger with its author. */
export async function setMode(ports: EnginePorts, input: { pair: PairId; mode: PairMode; by: string }): Promise<void> {
  const pair = await ports.store.pair(input.pair);
  const revision = await revisionOf(ports, input.pair, pair.revision ?? pair.latestRevision);
  await ports.store.transact(input.pair, async (transaction) => {
    if (transaction.pair.mode === input.mode) return;
    if (transaction.pair.mode === 'new') await activeRevision(ports, transaction.pair);
    const page = controlPage(ports, transaction, revision.rules, { id: transaction.pair.nextRun, kind: 'poll' });
    page.addFact(pairFact('mode', { kind: 'person', name: input.by }, { from: transaction.pair.mode, to: input.mode }));
    await page.commit({ pair: { mode: input.mode } });
  });
}
