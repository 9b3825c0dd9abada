import { assert } from '../../core/assert.js';
import { ParleyError } from '../../core/errors.js';
import { keyParts } from '../../core/ids.js';
import type { ReadPage, ReadRequest, SetAside } from '../../engine/connector.js';
import type { Session, TextRow } from './client.js';
import { identityWithoutLife } from './describe.js';
import { type Column, keyIsAfter, keyIsThere, keyOrder, recordColumns, recordOf, type Table } from './table.js';

/**
 * Where a feed stands. `since`: every transaction below it had ended when an earlier pass began, and that pass showed
 * all it left; null means that the pass shows everything. `next`: the same for the pass under way, taken at its first
 * page; it becomes `since` when the pass is complete. `after`: the key of the last record shown, null between passes.
 * `server` is the identity under which the numbers mean anything. A view keeps `after` only.
 */
type Cursor = {
  readonly server: string | null;
  readonly since: string | null;
  readonly next: string | null;
  readonly after: readonly string[] | null;
  /** Transactions that this pass has shown whole, beside pages before: their rows are not shown again. */
  readonly whole?: readonly string[];
};

const fromTheStart: Cursor = { server: null, since: null, next: null, after: null };
const setAsideMax = 100;
/** How many rows beside its own a page takes so that the transactions that it shows are whole. */
const besideMaxPages = 4;
/** How many of them a cursor remembers; rows of others are shown twice, which costs a comparison. */
const wholeMax = 500;

/**
 * Reads one page of a pass. A pass shows the rows that transactions wrote which had not ended when the pass before it
 * began, so a transaction that commits late is found however long it took; a row may be shown twice, never missed.
 * Transaction ids only tell *that* a row may be new to us: they are not an order of changes (SPEC).
 */
export async function readPage(session: Session, table: Table, request: ReadRequest): Promise<ReadPage> {
  const from = request.cursor === null ? fromTheStart : parseCursor(request.cursor);
  const isFirst = from.after === null;
  const continued =
    table.kind === 'view'
      ? await viewPage(session, table, from, request.limit)
      : await tablePage(session, table, from, request.limit);
  // The numbers in the cursor mean nothing any more: everything is read again, from the first key.
  const page = typeof continued === 'string' ? await tablePage(session, table, fromTheStart, request.limit) : continued;
  assert(typeof page !== 'string', 'a read from the start has no cursor that could be refused');
  const setAside = isFirst && table.key.some((column) => column.nullable) ? await keyless(session, table) : [];
  return {
    ...page,
    deleted: [],
    setAside,
    ...(continued === 'another history' ? { isOtherHistory: true as const } : {}),
  };
}

/**
 * Why the numbers of a cursor cannot be gone on with. A server that crashed gives the ids of transactions anew of which nothing
 * had to be kept, so that a horizon can lie ahead of it, a little; one further ahead was taken in another history. That a server
 * crashed shows in its identity: the third part of it, its life, is another one.
 */
type Refused = 'crashed' | 'another history';
const crashLosesAtMost = 1_000;

type Page = Pick<ReadPage, 'records' | 'cursor' | 'more' | 'split'>;

async function viewPage(session: Session, table: Table, from: Cursor, limit: number): Promise<Page> {
  const rows = await session.query(
    `select ${recordColumns(table, 't')} from ${table.place.sqlName} t
     where ${keyIsThere(table, 't')} and ${keyIsAfter(table, from.after, 2)}
     order by ${keyOrder(table)} limit $1::text::bigint`,
    [String(limit + 1), ...(from.after ?? [])],
  );
  return pageOf(table, rows, 0, { from: fromTheStart, limit, next: null });
}

/**
 * One statement tells the horizon and shows the rows, both in one snapshot; or says that the server is not the one, or no
 * longer in the state, in which the cursor's numbers were taken.
 */
async function tablePage(session: Session, table: Table, from: Cursor, limit: number): Promise<Page | Refused> {
  const isNew = from.server === null;
  const rows = await session.query(pageStatement(table, from), [
    String(limit + 1),
    from.server,
    from.since,
    from.next ?? from.since,
    `{${(from.whole ?? []).join(',')}}`,
    ...(from.after ?? []),
  ]);
  const [horizon, identity, state] = rows[0] ?? [];
  if (!isNew && state !== 'valid') return state === 'crashed' ? 'crashed' : 'another history';
  const server = from.server ?? identity ?? null;
  const own = rows.filter((row) => row.at(-1) === 'page');
  const page = pageOf(table, own, 3, { from: { ...from, server }, limit, next: from.next ?? horizon ?? null });
  const beside = rows.filter((row) => row.at(-1) === 'beside').map((row) => recordOf(table, row, 3));
  if (beside.length === 0) return page;
  const most = limit * besideMaxPages;
  const whole = { ...page, records: [...page.records, ...beside.slice(0, most)] };
  if (beside.length > most) return { ...whole, split: splitText(table, most) };
  const cursor = parseCursor(page.cursor);
  if (cursor.after === null) return whole;
  const shown = new Set([...(from.whole ?? []), ...beside.flatMap(({ token }) => token ?? [])]);
  return { ...whole, cursor: JSON.stringify({ ...cursor, whole: [...shown].slice(0, wholeMax) }) };
}

function splitText({ place }: Table, most: number): string {
  return `Transactions changed more than ${most} rows of ${place.object} beside one page; they are taken in parts.`;
}

/**
 * The join is lateral, so that its inner side, which is sorted, is also run last and its order stays.
 * Ids in rows have 32 bits. They are compared by age, with the horizon's age in the same process; an age far below
 * zero belongs to a frozen row that is older than the counter can tell. A small negative age is a row that was
 * committed while the statement began, and is new.
 */
function pageStatement(table: Table, from: Cursor): string {
  const keepsWhole = from.since !== null && table.kind === 'table';
  const isNewer = 'age(t.xmin) <= age($3::text::xid8::xid) and age(t.xmin) >= -1000000000';
  const page = `
select h.horizon, case when h.identity is distinct from $2::text then h.identity end as identity, h.state, r.*
from (
  select pg_snapshot_xmin(s.now)::text as horizon, i.identity,
    case
      when ${identityWithoutLife('i.identity')} is distinct from ${identityWithoutLife('$2::text')}
        or pg_snapshot_xmax(s.now)::text::bigint - $3::text::bigint >= 1000000000
        or pg_snapshot_xmax(s.now)::text::bigint - $4::text::bigint < -${crashLosesAtMost} then 'other'
      when i.identity is distinct from $2::text or pg_snapshot_xmax(s.now)::text::bigint - $4::text::bigint < 0 then 'crashed'
      else 'valid'
    end as state
  from (select pg_current_snapshot() as now offset 0) s, (select ${table.identity} as identity offset 0) i
) h
left join lateral (
  select ${recordColumns(table, 't')}, 'page'::text as place${keepsWhole ? ', t.xmin as xid, t.tableoid as part, t.ctid as at' : ''}
  from ${table.place.sqlName} t
  where (h.state = 'valid' or $2::text is null) and ${keyIsThere(table, 't')}
    and ${from.since === null ? 'true' : isNewer} and t.xmin <> all ($5::text::xid[]) and ${keyIsAfter(table, from.after, 6)}
  order by ${keyOrder(table)} limit $1::text::bigint
) r on true`;
  return keepsWhole ? withWholeTransactions(table, page, { isNewer, isFirst: from.after === null }) : page;
}

/**
 * Beside the page, the rows that its transactions changed too, wherever their keys are, in the same snapshot: nobody is to
 * see half of one (semantics §1.13). A pass that fits one page is whole by itself and costs nothing; else the table is
 * looked through once more. What there was before the first pass is nobody's change.
 */
function withWholeTransactions(
  table: Table,
  page: string,
  { isNewer, isFirst }: { readonly isNewer: string; readonly isFirst: boolean },
): string {
  const names = ['token', ...table.read.map((_, index) => `f${index}`)].join(', ');
  return `
with page (horizon, identity, state, ${names}, place, xid, part, at) as materialized (${page})
, shown as (select row_number() over () as nth, p.* from page p)
select horizon, identity, state, ${names}, coalesce(place, 'page') from shown
union all (
  select null, null, null, ${recordColumns(table, 't')}, 'beside'
  from ${table.place.sqlName} t
  where ${isFirst ? '(select count(*) from page) >= $1::text::bigint and' : ''}
    ${keyIsThere(table, 't')} and ${isNewer}
    and t.xmin in (select xid from shown where nth < $1::text::bigint and xid is not null)
    and (t.tableoid, t.ctid) not in (select part, at from shown where nth < $1::text::bigint and xid is not null)
  limit ($1::text::bigint - 1) * ${besideMaxPages} + 1
)`;
}

/** Rows from the position `from` on; one more than the limit was asked for, to know whether the pass goes on. */
function pageOf(
  table: Table,
  rows: readonly TextRow[],
  from: number,
  pass: { readonly from: Cursor; readonly limit: number; readonly next: string | null },
): Page {
  // Without records there is still one row, for the horizon; its record has no key.
  const present = rows.filter((row) => row[from + 1 + table.read.indexOf(table.key[0] as Column)] !== null);
  const records = present.slice(0, pass.limit).map((row) => recordOf(table, row, from));
  const more = present.length > pass.limit;
  const last = records.at(-1);
  const { server, since } = pass.from;
  const after = last === undefined ? null : keyParts(last.key, table.key.length);
  const cursor: Cursor = more
    ? { server, since, next: pass.next, after, whole: pass.from.whole ?? [] }
    : { server, since: pass.next, next: null, after: null };
  return { records, cursor: JSON.stringify(cursor), more };
}

/** Rows whose key lacks a part are no records; they are told, not followed. */
async function keyless(session: Session, table: Table): Promise<readonly SetAside[]> {
  const names = table.key.map((column) => column.name).join(', ');
  const row = table.kind === 'view' ? "'a row'" : "'row ' || t.ctid::text";
  const rows = await session.query(
    `select ${row} from ${table.place.sqlName} t where not (${keyIsThere(table, 't')}) limit ${setAsideMax}`,
  );
  return rows.map(([place]) => ({
    place: `${table.place.object}, ${place ?? ''}`,
    reason: `The key (${names}) is not filled in.`,
  }));
}

function parseCursor(text: string): Cursor {
  try {
    const { server, since, next, after, whole = [] } = JSON.parse(text) as Cursor;
    const isText = (value: unknown): boolean => value === null || typeof value === 'string';
    const isKey = after === null || (Array.isArray(after) && after.every((part) => typeof part === 'string'));
    const isWhole = Array.isArray(whole) && whole.every((xid) => typeof xid === 'string' && /^\d+$/.test(xid));
    if ([server, since, next].every(isText) && isKey && isWhole) return { server, since, next, after, whole };
  } catch {
    // Falls through: the text is not JSON.
  }
  throw new ParleyError(
    'connector.cursor_expired',
    'The cursor was not made by this version for a table. Nothing is lost.',
    {
      hint: 'The table is read in full.',
    },
  );
}
