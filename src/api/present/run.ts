import type { CycleView, RunView } from '../../contract/api/runs.js';
import type { RunRow } from '../../engine/read-model.js';
import type { CycleSummary } from '../../engine/ports.js';
import { moment, momentOrNull } from './moment.js';

export function runView(row: RunRow): RunView {
  return {
    pair: row.pair,
    id: row.id,
    kind: row.kind,
    startedAt: moment(row.startedAtMs),
    endedAt: momentOrNull(row.endedAtMs),
    result: row.result,
    counts: { ...row.counts },
    problem: row.problem,
  };
}

export function cycleView({ troubles = [], ...summary }: CycleSummary): CycleView {
  return {
    ...summary,
    troubles: troubles.map(({ sinceMs, ...trouble }) => ({ ...trouble, since: moment(sinceMs) })),
  };
}
