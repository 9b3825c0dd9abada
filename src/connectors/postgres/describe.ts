import { ParleyError } from '../../core/errors.js';
import type { ConnectorSettings, ObjectDescription } from '../../engine/connector.js';
import type { Session, TextRow } from './client.js';
import { grantsFor, type Place } from './place.js';
import { quoted, textArray } from './sql-text.js';
import type { Column, Table } from './table.js';

const oldestVersion = 130_000;

const factsStatement = `
select c.oid::text, c.relkind::text, has_schema_privilege(n.oid, 'usage')::text,
  has_table_privilege(c.oid, 'select')::text,
  current_setting('server_version_num'), current_setting('server_encoding'),
  has_function_privilege('pg_control_system()', 'execute')::text,
  (has_function_privilege('pg_current_wal_lsn()', 'execute')
    and has_function_privilege('pg_walfile_name(pg_lsn)', 'execute'))::text,
  (c.relkind = 'p' or exists (
    select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgtype & 66 = 0))::text,
  exists (
    select from pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
      and i.indpred is null and i.indexprs is null
      and (select array_agg(u.attnum order by u.attnum)
           from unnest(i.indkey::int2[]) with ordinality as u(attnum, place) where u.place <= i.indnkeyatts)
        = (select array_agg(a.attnum order by a.attnum)
           from pg_attribute a where a.attrelid = c.oid and a.attname = any($3::text[])))::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2`;

/** Collations are compared through JSON, because their catalogs have other columns in every other release. */
const columnsStatement = `
select a.attname::text, format_type(a.atttypid, a.atttypmod),
  quote_ident(bn.nspname) || '.' || quote_ident(b.typname), b.oid::text, a.attnotnull::text,
  (a.attgenerated = '' and a.attidentity <> 'a')::text,
  has_column_privilege(a.attrelid, a.attnum, 'insert')::text,
  has_column_privilege(a.attrelid, a.attnum, 'update')::text,
  coalesce(case when co.collname = 'default' and co.collnamespace = 'pg_catalog'::regnamespace
    then d.as_json ->> 'datlocprovider' = 'b' or d.as_json ->> 'datcollate' in ('C', 'POSIX')
      and coalesce(d.as_json ->> 'datlocprovider', 'c') = 'c'
    else co.collprovider = 'b' or co.collprovider = 'c' and co.collcollate in ('C', 'POSIX') end, false)::text
from pg_attribute a
cross join lateral (
  with recursive base as (
    select t.oid, t.typtype, t.typbasetype from pg_type t where t.oid = a.atttypid
    union all
    select t.oid, t.typtype, t.typbasetype from base join pg_type t on t.oid = base.typbasetype)
  select base.oid from base where base.typtype <> 'd') as bare
join pg_type b on b.oid = bare.oid
join pg_namespace bn on bn.oid = b.typnamespace
left join pg_collation co on co.oid = a.attcollation
cross join (select to_jsonb(e) as as_json from pg_database e where e.datname = current_database()) as d
where a.attrelid = $1::text::oid and a.attnum > 0 and not a.attisdropped
order by a.attnum`;

const typeOids = { boolean: '16', text: '25', varchar: '1043' } as const;
/** A refresh writes every row of a materialized view anew, so its `xmin` tells nothing. */
const tableKinds: readonly (string | null | undefined)[] = ['r', 'p'];
const viewKinds: readonly (string | null | undefined)[] = ['v', 'm', 'f'];

/**
 * Reads the table behind the settings from the catalog and checks that it can be kept in agreement: it is there, may
 * be read, and the pair's key is a key. @throws ParleyError `connector.object_not_found`, `connector.denied`,
 * `connector.bad_key`, `connector.schema_changed`, `connector.unsupported`.
 */
export async function loadTable(session: Session, settings: ConnectorSettings, place: Place): Promise<Table> {
  const { sqlName } = place;
  const [facts] = await session.query(factsStatement, [place.schema, place.table, textArray(settings.key)]);
  const kind = kindOf(facts, place);
  const [oid, , mayUse, mayRead, , encoding, namesSystem, namesTimeline, imagesChangeLater, keyIsUnique] = facts ?? [];
  if (mayUse !== 'true' || mayRead !== 'true') {
    throw new ParleyError('connector.denied', `The role "${session.user}" may not read ${place.object}.`, {
      hint: grantsFor(place, ['select'], session.user),
    });
  }
  const rows = await session.query(columnsStatement, [oid ?? null]);
  const columns = rows.map((row) => columnFrom(row, kind));
  const key = keyColumns(settings.key, columns, place);
  if (kind === 'table' && keyIsUnique !== 'true') throw notUnique(place, sqlName, settings.key);
  if (kind === 'view') await checkViewKey(session, sqlName, key, place);
  const identity = identityOf(sqlName, { system: namesSystem === 'true', timeline: namesTimeline === 'true' });
  const isSorted = key.length === 1 && rows.some((row) => row[0] === key[0]?.name && isSortedByBytes(row));
  return {
    place,
    kind,
    columns,
    read: columnsToRead(columns, settings, place),
    key,
    imagesChangeLater: imagesChangeLater === 'true',
    keyOrder: encoding !== 'UTF8' ? 'bytes' : isSorted ? 'index' : 'collate',
    identity,
    fingerprint: await fingerprintOf(session, namesSystem === 'true', sqlName),
  };
}

function kindOf(facts: TextRow | undefined, place: Place): Table['kind'] {
  if (facts === undefined) {
    throw new ParleyError('connector.object_not_found', `There is no table ${place.object} in ${place.server}.`, {
      hint: 'Names are taken as written, with their letter case. Check schema and table.',
    });
  }
  const [, relkind, , , version] = facts;
  if (Number(version) < oldestVersion) {
    throw new ParleyError('connector.unsupported', `${place.server} runs PostgreSQL ${version}.`, {
      hint: 'Version 13 or later is needed.',
    });
  }
  if (tableKinds.includes(relkind)) return 'table';
  if (viewKinds.includes(relkind)) return 'view';
  throw new ParleyError('connector.unsupported', `${place.object} is neither a table nor a view.`);
}

function columnFrom(row: TextRow, kind: Table['kind']): Column {
  const [name, type, castType, baseOid, notNull, ownValues, insertable, updatable] = row;
  const writable = kind === 'table' && ownValues === 'true';
  return {
    name: name ?? '',
    type: type ?? '',
    castType: castType ?? '',
    isBoolean: baseOid === typeOids.boolean,
    nullable: notNull !== 'true',
    isFilledByServer: ownValues !== 'true',
    insertable: writable && insertable === 'true',
    updatable: writable && updatable === 'true',
  };
}

function isSortedByBytes(row: TextRow): boolean {
  return (row[3] === typeOids.text || row[3] === typeOids.varchar) && row[8] === 'true';
}

function keyColumns(names: readonly string[], columns: readonly Column[], place: Place): readonly Column[] {
  return names.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column !== undefined) return column;
    throw new ParleyError('connector.bad_key', `${place.object} has no column "${name}", which the pair's key names.`, {
      hint: `Its columns are ${columns.map((candidate) => candidate.name).join(', ')}.`,
    });
  });
}

function columnsToRead(columns: readonly Column[], settings: ConnectorSettings, place: Place): readonly Column[] {
  if (settings.fields === undefined) return columns;
  const missing = settings.fields.filter((name) => !columns.some((column) => column.name === name));
  if (missing.length > 0) {
    const names = missing.map((name) => `"${name}"`).join(', ');
    throw new ParleyError(
      'connector.schema_changed',
      `${place.object} has no column ${names}, which the pair maps. Nothing was read.`,
      { hint: `Its columns are ${columns.map((column) => column.name).join(', ')}.` },
    );
  }
  const wanted = new Set([...settings.key, ...settings.fields]);
  return columns.filter((column) => wanted.has(column.name));
}

function notUnique(place: Place, sqlName: string, key: readonly string[]): ParleyError {
  const names = key.map(quoted).join(', ');
  return new ParleyError(
    'connector.bad_key',
    `Nothing in ${place.object} keeps two rows from having the same ${key.join(', ')}: the pair's key is not a key.`,
    { hint: `Name the primary key, or run: create unique index on ${sqlName} (${names});` },
  );
}

/** A view has no index of its own, so its rows are counted. */
async function checkViewKey(session: Session, sqlName: string, key: readonly Column[], place: Place): Promise<void> {
  const names = key.map((column) => column.name);
  const grouped = names.map(quoted).join(', ');
  const twice = await session.query(`select 'twice' from ${sqlName} group by ${grouped} having count(*) > 1 limit 1`);
  if (twice.length === 0) return;
  throw new ParleyError('connector.bad_key', `Rows of the view ${place.object} have the same ${names.join(', ')}.`, {
    hint: "The pair's key must tell the rows of the view apart.",
  });
}

/**
 * SQL for a text that is the same for as long as transaction ids go on from where they were. It changes with another
 * cluster (system identifier), after a restore or a failover (timeline), and after a crash: the last ids of a server
 * that crashed may be given out again, and it then begins its statistics anew. A role that may not read the control
 * file gets the identity of the database instead, which survives a restart and not a restore from a dump.
 */
function identityOf(sqlName: string, may: { readonly system: boolean; readonly timeline: boolean }): string {
  const system = may.system
    ? '(select system_identifier::text from pg_control_system())'
    : "(select 'db' || e.oid::text || '-' || e.xmin::text from pg_database e where e.datname = current_database())";
  const timeline = may.timeline
    ? "case when pg_is_in_recovery() then 'standby' else left(pg_walfile_name(pg_current_wal_lsn()), 8) end"
    : "'-'";
  const life = '(select extract(epoch from stats_reset)::text from pg_stat_archiver)';
  const table = `'${sqlName.replaceAll("'", "''")}'::regclass::oid::text`;
  return `concat_ws('/', ${system}, ${timeline}, ${life}, ${table})`;
}

/** The same SQL text but for the part that a crash changes, of an identity that is given as SQL. */
export function identityWithoutLife(identity: string): string {
  return `regexp_replace(${identity}, '^([^/]*/[^/]*/)[^/]*', '\\1')`;
}

async function fingerprintOf(session: Session, namesSystem: boolean, sqlName: string): Promise<string> {
  const system = namesSystem ? '(select system_identifier::text from pg_control_system())' : "'unnamed'";
  const [row] = await session.query(
    `select ${system} || '/' || e.oid::text || '/' || e.datname::text from pg_database e where e.datname = current_database()`,
  );
  return `postgres:${row?.[0] ?? ''}/${sqlName}`;
}

export function descriptionOf(table: Table): ObjectDescription {
  const isKey = new Set(table.key.map((column) => column.name));
  return {
    object: table.place.object,
    fields: table.columns.map(({ name, type, nullable, insertable, updatable }) => ({
      name,
      type,
      nullable,
      writable: isKey.has(name) ? insertable : updatable,
    })),
    key: table.key.map((column) => column.name),
    writeClass: 'W4',
    createClass: 'C2',
    reads: table.kind === 'view' ? 'full' : 'feed',
    deletes: 'listing',
    fingerprint: table.fingerprint,
  };
}
