import type { ConflictGroupView, ConflictView } from '../../contract/api/conflicts.js';
import type { ConflictGroup } from '../../engine/read-model.js';
import type { ConflictRow } from '../../engine/store.js';
import { moment, momentOrNull } from './moment.js';

export function conflictView(row: ConflictRow): ConflictView {
  const sides = Object.entries(row.detail.sides).map(([side, held]) => [
    side,
    { value: held.value, raw: held.raw, lo: momentOrNull(held.lo), hi: momentOrNull(held.hi) },
  ]);
  return {
    id: row.id,
    pair: row.pair,
    entity: row.entity,
    unit: row.unit,
    kind: row.kind,
    state: row.state,
    shape: row.shape,
    label: row.label,
    vv: row.vv,
    agreed: row.detail.agreed,
    sides: Object.fromEntries(sides) as ConflictView['sides'],
    note: row.detail.note,
    rule: row.rule,
    revision: row.revision,
    openedAt: moment(row.openedAtMs),
    endedAt: momentOrNull(row.endedAtMs),
    decidedBy: row.decidedBy,
    choice: row.choice,
  };
}

export function conflictGroupView(group: ConflictGroup): ConflictGroupView {
  return {
    pair: group.pair,
    kind: group.kind,
    unit: group.unit,
    shape: group.shape,
    label: group.label,
    count: group.count,
    exampleId: group.exampleId,
    oldestAt: moment(group.oldestAtMs),
    revision: group.revision,
  };
}
