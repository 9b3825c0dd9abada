import type { RunView } from '../../contract/api/runs.js';
import type { RunRow } from '../../engine/read-model.js';
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
