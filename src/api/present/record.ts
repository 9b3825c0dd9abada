import type {
  RecordAsOfView,
  RecordDeliveryView,
  RecordRowView,
  RecordUnitView,
  RecordView,
} from '../../contract/api/records.js';
import type { RecordAsOf, RecordExplanation, UnitExplanation } from '../../engine/engine.js';
import type { EntityDelivery, RecordRow } from '../../engine/read-model.js';
import { conflictView } from './conflict.js';
import { moment, momentOrNull } from './moment.js';

export function recordRowView(row: RecordRow): RecordRowView {
  return { entity: row.entity, standing: row.standing, keys: { ...row.keys }, changedAt: moment(row.changedAtMs) };
}

export function recordView(explained: RecordExplanation): RecordView {
  const { state } = explained;
  const sides = Object.entries(state.sides).map(([side, shadow]) => [
    side,
    // A side that is still to receive its record was never read.
    { key: shadow.key, presence: shadow.presence, readAt: shadow.atMs > 0 ? moment(shadow.atMs) : null },
  ]);
  return {
    pair: explained.pair,
    entity: explained.entity,
    standing: explained.standing,
    presence: state.presence.kind,
    hold: state.hold?.kind ?? null,
    keys: { ...explained.keys },
    sides: Object.fromEntries(sides) as RecordView['sides'],
    units: explained.units.map(unitView),
    conflicts: explained.conflicts.map(conflictView),
  };
}

function unitView(unit: UnitExplanation): RecordUnitView {
  const { from } = unit;
  return {
    unit: unit.unit,
    master: unit.master,
    place: unit.place,
    agreed: unit.agreed,
    sides: { ...unit.sides },
    status: unit.status,
    from: blameView(from),
    sentences: [...unit.sentences],
    vectors: { agreed: unit.vectors.agreed, delivered: { ...unit.vectors.delivered } },
  };
}

function blameView(from: UnitExplanation['from']): RecordUnitView['from'] {
  if (from === null) return null;
  const { atMs, lo, hi, ...rest } = from;
  return { ...rest, at: moment(atMs), lo: momentOrNull(lo), hi: momentOrNull(hi) };
}

export function recordAsOfView({ atMs, keys, gone, units, ...rest }: RecordAsOf): RecordAsOfView {
  return {
    ...rest,
    at: moment(atMs),
    keys: { ...keys },
    gone: [...gone],
    units: units.map((unit) => ({ ...unit, from: blameView(unit.from) })),
    entries: { ...rest.entries },
  };
}

export function recordDeliveryView(row: EntityDelivery): RecordDeliveryView {
  return {
    id: row.id,
    side: row.side,
    state: row.state,
    kind: row.kind,
    createdAt: moment(row.createdAtMs),
    sentAt: momentOrNull(row.sentAtMs),
    doneAt: momentOrNull(row.doneAtMs),
    attempt: row.attempt,
    outcome: row.outcome,
    fields: { ...row.fields },
  };
}
