import type { HealthWord } from '../contract/api/pairs.js';
import { errorCodes } from '../core/errors.js';
import type { SideTrouble } from '../engine/ports.js';
import type { PairStatus } from '../engine/read-model.js';
import { troublesOf } from '../engine/side-problem.js';

export type Health = { readonly word: HealthWord; readonly reason: string; readonly sinceMs: number | null };

/** A write that waits longer than this, or than two polls, makes a pair late. */
export const lateAfterMs = 60_000;

/**
 * How a pair is, in one word; the first that applies, so that the word names what matters most to a person:
 *   Stopped       nothing moves although it should: a brake, no worker, a system that does not answer, a failed run
 *   Needs you     somebody must decide or approve
 *   Refusing      a side would not have writes
 *   Paused, Draining, Held, New      as somebody wanted it
 *   Late          a write has been waiting too long, or a side was out of reach too long
 *   Catching up   something is on its way
 *   Healthy       nothing of these
 */
export function healthOf(status: PairStatus, workersAlive: number): Health {
  return (
    stopped(status, workersAlive) ??
    needsYou(status) ??
    refusing(status) ??
    byMode(status) ??
    behind(status) ?? { word: 'Healthy', reason: 'Nothing is on its way and nobody is asked.', sinceMs: null }
  );
}

function stopped(status: PairStatus, workersAlive: number): Health | null {
  const { row, lastRun } = status;
  if (row.halt !== null) {
    const reason = `A brake stopped all writes: ${row.halt.reason} An approved plan lifts it: parley plan ${row.pair}.`;
    return { word: 'Stopped', reason, sinceMs: row.halt.atMs };
  }
  // A paused pair does nothing on purpose, so what last went wrong with it is no news.
  if (row.mode === 'paused') return null;
  if (workersAlive === 0 && (row.mode !== 'new' || status.openPlan !== null)) {
    return { word: 'Stopped', reason: 'No worker is alive: nothing is read or written until one runs.', sinceMs: null };
  }
  const troubles = troublesNow(status);
  const lasting = troubles.find((trouble) => isLasting(trouble, lastRun));
  if (lasting !== undefined) return { word: 'Stopped', reason: troubleText(lasting), sinceMs: lasting.sinceMs };
  // The failure of a run is told where no side is known to be the reason.
  if (troubles.length === 0 && lastRun?.result === 'failed' && !readSince(status, lastRun.endedAtMs ?? status.nowMs)) {
    return {
      word: 'Stopped',
      reason: `The last run failed: ${lastRun.problem ?? 'no reason was recorded.'}`,
      sinceMs: lastRun.endedAtMs,
    };
  }
  return null;
}

/**
 * Whether somebody has to do something. A file that somebody works on is none of that: it is only late. A system that
 * does not answer is, once a run has waited for it in vain.
 */
function isLasting({ code, sinceMs }: SideTrouble, lastRun: PairStatus['lastRun']): boolean {
  if (!errorCodes[code].retryable) return true;
  if (code === 'connector.source_unstable' || lastRun?.result !== 'failed') return false;
  return (lastRun.endedAtMs ?? sinceMs) >= sinceMs;
}

/** What is wrong with the sides. A side that nothing waits to be written to is in no trouble. */
function troublesNow({ row, oldestUndeliveredMs }: PairStatus): readonly SideTrouble[] {
  return troublesOf(row).filter(({ doing }) => doing === 'read' || oldestUndeliveredMs !== null);
}

function troubleText({ side, doing, text }: SideTrouble): string {
  return `${side} cannot be ${doing}: ${text}`;
}

/** Runs that find nothing leave no row, so a failure is over when every side was read to its end since. */
function readSince(status: PairStatus, ms: number): boolean {
  return status.sides.every((side) => (status.row.cursors[side.name]?.complete?.atMs ?? 0) > ms);
}

function needsYou(status: PairStatus): Health | null {
  const { clash, proposal, undo, tripped, parked, invariant, create, match } = status.openConflicts;
  const parts = [
    counted(clash, 'clash', 'clashes'),
    counted(invariant, 'broken invariant', 'broken invariants'),
    counted(proposal, 'proposal', 'proposals'),
    counted(tripped, 'field that goes round', 'fields that go round'),
    counted(parked, 'write without effect', 'writes without effect'),
    counted(undo, 'undo', 'undos'),
    counted(status.openConflicts.delete, 'delete', 'deletes'),
    counted(create, 'new record', 'new records'),
    counted(match, 'possible match', 'possible matches'),
  ].filter((part) => part !== null);
  if (parts.length > 0) {
    const open = status.openConflicts;
    const waiting = clash + invariant + proposal + undo + tripped + parked + open.delete + create + match;
    const reason = `${waiting === 1 ? 'A decision waits' : `${waiting} decisions wait`} (${parts.join(', ')}): parley review list.`;
    return { word: 'Needs you', reason: reason + modeNote(status), sinceMs: null };
  }
  const plan = status.openPlan;
  if (plan?.state === 'ready' && (plan.expiresAtMs === null || plan.expiresAtMs > status.nowMs)) {
    const reason = `Plan ${plan.id} waits for approval: parley apply ${plan.id}.`;
    return { word: 'Needs you', reason: reason + modeNote(status), sinceMs: plan.createdAtMs };
  }
  return null;
}

function refusing(status: PairStatus): Health | null {
  const refused = Math.max(status.openConflicts.refused, status.standings.refused);
  if (refused === 0) return hiding(status);
  const reason = `${refused === 1 ? 'A write was' : `${refused} writes were`} refused: parley review list.`;
  return { word: 'Refusing', reason: reason + modeNote(status), sinceMs: null };
}

/** A side that no longer shows records which it has not deleted: usually a right that somebody took away. */
function hiding(status: PairStatus): Health | null {
  const { hidden } = status.standings;
  if (hidden === 0) return null;
  const what = hidden === 1 ? 'a record' : `${hidden} records`;
  const reason = `A side no longer shows ${what}; nothing is written or deleted because of that.`;
  return { word: 'Refusing', reason: reason + modeNote(status), sinceMs: null };
}

function byMode(status: PairStatus): Health | null {
  const pair = status.row.pair;
  switch (status.row.mode) {
    case 'paused':
      return { word: 'Paused', reason: `Neither read nor written: parley resume ${pair}.`, sinceMs: null };
    case 'draining':
      return { word: 'Draining', reason: 'Finishes what is on its way, then pauses.', sinceMs: null };
    case 'held':
      return { word: 'Held', reason: `Read but not written: parley resume ${pair}.`, sinceMs: null };
    case 'new':
      return { word: 'New', reason: firstStep(status), sinceMs: null };
    case 'active':
      return null;
  }
}

function firstStep({ row, openPlan }: PairStatus): string {
  if (openPlan?.state === 'reading' || openPlan?.state === 'deciding') return `Plan ${openPlan.id} is being made.`;
  return `Nothing was approved yet: parley plan ${row.pair}.`;
}

function behind(status: PairStatus): Health | null {
  const [trouble] = [...troublesNow(status)].sort((a, b) => a.sinceMs - b.sinceMs);
  if (trouble !== undefined) {
    const isLate = status.nowMs - trouble.sinceMs > lateAfterMs;
    return { word: isLate ? 'Late' : 'Catching up', reason: troubleText(trouble), sinceMs: trouble.sinceMs };
  }
  const waiting = status.standings.on_its_way;
  const oldest = status.oldestUndeliveredMs;
  if (oldest !== null && status.nowMs - oldest > Math.max(lateAfterMs, 2 * status.everyMs)) {
    return { word: 'Late', reason: `${countOfRecords(waiting)} on the way, the oldest for too long.`, sinceMs: oldest };
  }
  if (waiting > 0 || oldest !== null) {
    return { word: 'Catching up', reason: `${countOfRecords(waiting)} on the way.`, sinceMs: oldest };
  }
  if (status.standings.undecided > 0) {
    const reason = `${countOfRecords(status.standings.undecided)} read but left out of the last plan: parley plan ${status.row.pair}.`;
    return { word: 'Catching up', reason, sinceMs: null };
  }
  return null;
}

/** What matters more than the mode, or than a side that is out of reach, hides its word, so the sentence tells it. */
function modeNote(status: PairStatus): string {
  const troubles = troublesNow(status).map((trouble) => ` ${trouble.side} cannot be ${trouble.doing}.`);
  return modeSentence(status) + [...new Set(troubles)].join('');
}

function modeSentence(status: PairStatus): string {
  switch (status.row.mode) {
    case 'held':
      return ' Writes are held.';
    case 'paused':
      return ' The pair is paused.';
    case 'draining':
      return ' The pair is draining.';
    case 'new':
    case 'active':
      return '';
  }
}

function counted(count: number, one: string, many: string): string | null {
  return count === 0 ? null : `${count} ${count === 1 ? one : many}`;
}

function countOfRecords(count: number): string {
  return count === 1 ? '1 record is' : `${count} records are`;
}
