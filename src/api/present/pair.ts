import type { PairView } from '../../contract/api/pairs.js';
import type { PairStatus } from '../../engine/read-model.js';
import { healthOf } from '../health-word.js';
import { moment, momentOrNull } from './moment.js';
import { planView } from './plan.js';
import { runView } from './run.js';

export function pairView(status: PairStatus, workersAlive: number): PairView {
  const { row } = status;
  const health = healthOf(status, workersAlive);
  return {
    pair: row.pair,
    about: status.about,
    owner: status.owner,
    state: health.word,
    reason: health.reason,
    since: momentOrNull(health.sinceMs),
    mode: row.mode,
    halt: row.halt === null ? null : { reason: row.halt.reason, counts: row.halt.counts, at: moment(row.halt.atMs) },
    everyMs: status.everyMs,
    sides: status.sides.map((side) => sideView(side, status)),
    revision: { active: row.revision, latest: row.latestRevision, differs: row.revision !== row.latestRevision },
    linked: row.linked,
    standings: { ...status.standings },
    agreement: agreementOf(status.standings),
    oldestUndeliveredAt: momentOrNull(status.oldestUndeliveredMs),
    openConflicts: { ...status.openConflicts },
    openConflictsTotal: Object.values(status.openConflicts).reduce((sum, count) => sum + count, 0),
    setAside: status.setAside,
    lastRun: status.lastRun === null ? null : runView(status.lastRun),
    openPlan: status.openPlan === null ? null : planView(status.openPlan, status.nowMs),
    ledgerSize: row.ledgerSize,
    lastVerifiedAt: momentOrNull(row.lastVerifyAtMs),
    now: moment(status.nowMs),
  };
}

function sideView(
  { name, connection, object }: PairStatus['sides'][number],
  status: PairStatus,
): PairView['sides'][number] {
  const cursor = status.row.cursors[name];
  // What nothing waits for is no trouble any more, whatever the last attempt came to.
  const unwritten = status.oldestUndeliveredMs === null ? null : (cursor?.writeProblem ?? null);
  return {
    name,
    connection,
    object,
    readAt: momentOrNull(cursor?.complete?.atMs ?? null),
    problem: cursor?.problem?.text ?? null,
    problemSince: momentOrNull(cursor?.problem?.sinceMs ?? null),
    writeProblem: unwritten?.text ?? null,
    writeProblemSince: momentOrNull(unwritten?.sinceMs ?? null),
  };
}

/**
 * How much of what should agree does agree. Records that only one side has, and values that a rule lets differ, are
 * counted apart: they are neither agreement nor difference. The percentage is rounded down, so that 100.00 is exact.
 */
export function agreementOf(standings: PairStatus['standings']): PairView['agreement'] {
  const differ = {
    undecided: standings.undecided,
    onItsWay: standings.on_its_way,
    waiting: standings.waiting,
    paced: standings.paced,
    asked: standings.asked,
    tripped: standings.tripped,
    parked: standings.parked,
    refused: standings.refused,
    hidden: standings.hidden,
    held: standings.held,
  };
  const of = standings.agreed + Object.values(differ).reduce((sum, count) => sum + count, 0);
  const hundredths = of === 0 ? 10_000 : Math.floor((standings.agreed * 10_000) / of);
  return {
    percent: (hundredths / 100).toFixed(2),
    agreed: standings.agreed,
    of,
    differ,
    allowed: { oneSided: standings.one_sided, override: standings.override },
  };
}
