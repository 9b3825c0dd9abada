import type { EntityId, PairId, RevisionId, UnitName } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import type { ConflictClose, ConflictDetail, ConflictDraft, ConflictKind, ConflictRow } from '../../engine/store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import { withoutNul } from './nul.js';

export type RawConflict = {
  id: number;
  pair: PairId;
  entity: EntityId;
  unit: UnitName | null;
  kind: ConflictKind;
  state: ConflictRow['state'];
  shape: string;
  label: string;
  vv: string;
  detail: string;
  revision: RevisionId;
  rule: string;
  opened_at_ms: number;
  ended_at_ms: number | null;
  decided_by: string | null;
  choice: string;
};

export const conflictColumns = (sql: Sql) => sql`
  id, pair, entity, unit, kind, state, shape, label, vv, detail, revision, rule,
  (extract(epoch from opened_at) * 1000)::bigint as opened_at_ms,
  (extract(epoch from ended_at) * 1000)::bigint as ended_at_ms, decided_by, choice`;

export function conflictRow(raw: RawConflict): ConflictRow {
  const { opened_at_ms: openedAtMs, ended_at_ms: endedAtMs, decided_by: decidedBy, detail, choice, ...rest } = raw;
  return {
    ...rest,
    detail: JSON.parse(detail) as ConflictDetail,
    openedAtMs,
    endedAtMs,
    decidedBy,
    choice: JSON.parse(choice) as Json,
  };
}

export function selectOpenConflicts(sql: Sql, pair: PairId, ids: readonly EntityId[]): Rows<RawConflict> {
  return sql`
    select ${conflictColumns(sql)} from conflicts
    where pair = ${pair} and state = 'open' and entity = any(${numbers(ids)}::bigint[]) order by id`;
}

/** Opens questions; one that is open already keeps its id and its age and gets the newer content. */
export function putConflicts(
  sql: Sql,
  at: { readonly pair: PairId; readonly nowMs: number },
  drafts: readonly ConflictDraft[],
): Rows<object> {
  return sql`
    insert into conflicts (
      pair, entity, unit, kind, state, shape, label, vv, detail, revision, rule, opened_at, choice)
    select
      ${at.pair}, entity, unit, kind, 'open', shape, label, vv, detail, revision, rule,
      to_timestamp(${at.nowMs}::float8 / 1000), 'null'
    from unnest(
      ${numbers(drafts.map((draft) => draft.entity))}::bigint[],
      ${texts(drafts.map((draft) => draft.unit))}::text[],
      ${texts(drafts.map((draft) => draft.kind))}::text[],
      ${texts(drafts.map((draft) => draft.shape))}::text[],
      ${texts(drafts.map((draft) => withoutNul(draft.label)))}::text[],
      ${texts(drafts.map((draft) => draft.vv))}::text[],
      ${texts(drafts.map((draft) => JSON.stringify(draft.detail)))}::text[],
      ${texts(drafts.map((draft) => draft.revision))}::text[],
      ${texts(drafts.map((draft) => draft.rule))}::text[]) as list (
        entity, unit, kind, shape, label, vv, detail, revision, rule)
    on conflict (pair, entity, coalesce(unit, ''), kind) where state = 'open' do update set
      shape = excluded.shape, label = excluded.label, vv = excluded.vv, detail = excluded.detail,
      revision = excluded.revision, rule = excluded.rule`;
}

/** Ends the open questions named; one that is not open is left as it is. */
export function closeConflicts(
  sql: Sql,
  at: { readonly pair: PairId; readonly nowMs: number },
  closes: readonly ConflictClose[],
): Rows<object> {
  return sql`
    update conflicts conflict set
      state = list.state, ended_at = to_timestamp(${at.nowMs}::float8 / 1000), decided_by = list.decided_by,
      choice = list.choice
    from unnest(
      ${numbers(closes.map((close) => close.entity))}::bigint[],
      ${texts(closes.map((close) => close.unit ?? ''))}::text[],
      ${texts(closes.map((close) => close.kind))}::text[],
      ${texts(closes.map((close) => close.state))}::text[],
      ${texts(closes.map((close) => close.decidedBy))}::text[],
      ${texts(closes.map((close) => JSON.stringify(close.choice)))}::text[]) as list (
        entity, unit, kind, state, decided_by, choice)
    where conflict.pair = ${at.pair} and conflict.state = 'open' and conflict.entity = list.entity
      and coalesce(conflict.unit, '') = list.unit and conflict.kind = list.kind`;
}
