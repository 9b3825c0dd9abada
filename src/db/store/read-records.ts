import type { EntityId, PairId, RecordKey, SideName } from '../../core/ids.js';
import type { Page, PageRequest, ReadModel, RecordFilter, RecordRow } from '../../engine/read-model.js';
import type { Standing } from '../../engine/store.js';
import { numbers } from '../array-text.js';
import type { Database, Rows, Sql } from '../client.js';
import { pageOf, placeAfter } from './paging.js';
import { selectEntityByKey } from './record-links.js';
import { standingIn } from './record-states.js';

type RawRecord = {
  entity: EntityId;
  standing: Standing;
  keys: { readonly [side: SideName]: RecordKey };
  changed_at_ms: number;
};

/** Records by id, or by key when the beginning of a key is given. */
export function readRecords(database: Database): Pick<ReadModel, 'records' | 'entityByKey'> {
  return {
    records: (pair, filter, request) =>
      filter.keyPrefix === null || filter.keyPrefix === ''
        ? selectRecords(database, pair, filter, request)
        : selectByPrefix(database, pair, { ...filter, keyPrefix: filter.keyPrefix }, request),
    async entityByKey(pair, side, key) {
      const [row] = await database.run((sql) => selectEntityByKey(sql, pair, side, key));
      return row ?? null;
    },
  };
}

/** The last code point sorts after every continuation of a prefix. */
const afterEverything = '\u{10ffff}';

const recordColumns = (sql: Sql) => sql`
  entity.id as entity, entity.standing, (extract(epoch from entity.changed_at) * 1000)::bigint as changed_at_ms,
  coalesce((
    select jsonb_object_agg(link.side, link.key) from record_links link
    where link.pair = entity.pair and link.entity = entity.id), '{}') as keys`;

function recordRow(raw: RawRecord): RecordRow {
  return { entity: raw.entity, standing: raw.standing, keys: raw.keys, changedAtMs: raw.changed_at_ms };
}

async function selectRecords(
  database: Database,
  pair: PairId,
  filter: RecordFilter,
  request: PageRequest,
): Promise<Page<RecordRow>> {
  const after = placeAfter(request, [0] as const);
  const raws = await database.run(
    (sql) => sql<RawRecord[]>`
      select ${recordColumns(sql)} from record_states entity
      where entity.pair = ${pair}
        ${standingIn(sql, filter.standing === null ? null : [filter.standing])}
        ${after === null ? sql`` : sql`and entity.id > ${after[0]}`}
      order by entity.id limit ${request.limit + 1}`,
  );
  return pageOf(raws, request, { row: recordRow, place: (raw) => [raw.entity] });
}

type WalkedLink = { key: RecordKey; side: SideName; entity: EntityId; listed: boolean };

/** Links looked at in one statement: at first about a page, then more, up to this. */
const walkMax = 10_000;

/**
 * Fewer records of a standing than this are found by their standing and sorted; more of them are met soon enough on a
 * walk along the keys. Measured by `npm run bench -- record-list`.
 */
const seldomMax = 20_000;

async function selectByPrefix(
  database: Database,
  pair: PairId,
  filter: RecordFilter & { readonly keyPrefix: string },
  request: PageRequest,
): Promise<Page<RecordRow>> {
  const { standing } = filter;
  const isSeldom = standing !== null && standing !== 'agreed' && (await countOf(database, pair, standing)) <= seldomMax;
  return isSeldom
    ? selectSeldom(database, pair, { ...filter, standing }, request)
    : walkByPrefix(database, pair, filter, request);
}

async function countOf(database: Database, pair: PairId, standing: Standing): Promise<number> {
  const [row] = await database.run(
    (sql) => sql<{ records: number }[]>`
      select records from standing_counts where pair = ${pair} and standing = ${standing}`,
  );
  return row?.records ?? 0;
}

/** Every record of the standing with the first of its keys that begins so, in the order of the walk. */
async function selectSeldom(
  database: Database,
  pair: PairId,
  { standing, keyPrefix }: { readonly standing: Standing; readonly keyPrefix: string },
  request: PageRequest,
): Promise<Page<RecordRow>> {
  const [key, side] = placeAfter(request, ['', ''] as const) ?? ['', ''];
  const raws = await database.run(
    (sql) => sql<(RawRecord & WalkedLink)[]>`
      with seldom as materialized (
        select id from record_states where pair = ${pair} ${standingIn(sql, [standing])}
      ), listed as materialized (
        select first.key, first.side, seldom.id
        from seldom cross join lateral (
          select key, side from record_links link
          where link.pair = ${pair} and link.entity = seldom.id and key >= ${keyPrefix}
            and key <= ${keyPrefix + afterEverything}
          order by key, side limit 1
        ) as first
        where (first.key, first.side) > (${key}, ${side})
        order by first.key, first.side limit ${request.limit + 1}
      )
      select ${recordColumns(sql)}, listed.key, listed.side
      from listed join record_states entity on entity.pair = ${pair} and entity.id = listed.id
      order by listed.key, listed.side`,
  );
  return pageOf(raws, request, { row: recordRow, place: (raw) => [raw.key, raw.side] });
}

/**
 * Walks the keys of all sides from the prefix on, merged, along the index. An entity is listed once, at the first of
 * its keys that begins so. Where few are listed the walk takes longer strides.
 */
async function walkByPrefix(
  database: Database,
  pair: PairId,
  filter: RecordFilter & { readonly keyPrefix: string },
  request: PageRequest,
): Promise<Page<RecordRow>> {
  const wanted = request.limit + 1;
  let place: readonly [string, string] = placeAfter(request, ['', ''] as const) ?? ['', ''];
  const listed: WalkedLink[] = [];
  for (let stride = wanted; listed.length < wanted; stride = Math.max(wanted, Math.min(stride * 4, walkMax))) {
    const from = place;
    const walked = await database.run((sql) => walkLinks(sql, pair, { ...filter, after: from, stride }));
    listed.push(...walked.filter((link) => link.listed));
    const last = walked.at(-1);
    if (last === undefined || walked.length < stride) break;
    place = [last.key, last.side];
  }
  const links = listed.slice(0, wanted);
  const raws = await database.run(
    (sql) => sql<RawRecord[]>`
      select ${recordColumns(sql)} from record_states entity
      where entity.pair = ${pair} and entity.id = any(${numbers(links.map((link) => link.entity))}::bigint[])`,
  );
  const records = new Map(raws.map((raw) => [raw.entity, raw]));
  const found = links.flatMap((link) => {
    const raw = records.get(link.entity);
    return raw === undefined ? [] : [{ ...raw, ...link }];
  });
  return pageOf(found, request, { row: recordRow, place: (raw) => [raw.key, raw.side] });
}

type Walk = {
  readonly standing: Standing | null;
  readonly keyPrefix: string;
  readonly after: readonly [string, string];
  readonly stride: number;
};

function walkLinks(
  sql: Sql,
  pair: PairId,
  { standing, keyPrefix, after: [key, side], stride }: Walk,
): Rows<WalkedLink> {
  const last = keyPrefix + afterEverything;
  return sql`
    with recursive sides (side) as (
      (select side from record_links where pair = ${pair} order by side limit 1)
      union all
      select (select link.side from record_links link where link.pair = ${pair} and link.side > sides.side
        order by link.side limit 1)
      from sides where sides.side is not null
    ), walked as materialized (
      select link.key, link.side, link.entity
      from sides cross join lateral (
        select key, side, entity from record_links
        where pair = ${pair} and record_links.side = sides.side and key >= ${keyPrefix} and key <= ${last}
          and key >= ${key} and (key, record_links.side) > (${key}, ${side})
        order by key limit ${stride}
      ) as link
      order by link.key, link.side limit ${stride}
    )
    select
      walked.key, walked.side, walked.entity,
      ${standing === null ? sql`true` : sql`entity.standing = ${standing}`} and not exists (
        select 1 from record_links earlier
        where earlier.pair = ${pair} and earlier.entity = walked.entity and earlier.key >= ${keyPrefix}
          and earlier.key <= ${last} and (earlier.key, earlier.side) < (walked.key, walked.side)
      ) as listed
    from walked join record_states entity on entity.pair = ${pair} and entity.id = walked.entity
    order by walked.key, walked.side`;
}
