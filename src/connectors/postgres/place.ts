import { ParleyError } from '../../core/errors.js';
import type { ConnectorSettings } from '../../engine/connector.js';
import { quoted } from './sql-text.js';

/** Which table a connector stands for, in words that may be shown: no password, no value of a record. */
export type Place = {
  readonly connection: string;
  /** As configured: `public.accounts`. */
  readonly object: string;
  readonly schema: string;
  readonly table: string;
  /** As SQL: `"public"."accounts"`. */
  readonly sqlName: string;
  /** `host:port/database`. */
  readonly server: string;
  /** The role that logs in, as far as the url names it. */
  readonly role: string | null;
};

const hosts = /^(?:[\w.-]+|\[[\da-f:.]+\])?(?::\d+)?(?:,(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?)*$/i;

/** @throws ParleyError `config.invalid` or `connector.object_not_found`; the url is not part of the message. */
export function placeOf(settings: ConnectorSettings): Place {
  const [schema, table] = nameParts(settings.object);
  const sqlName = `${quoted(schema)}.${quoted(table)}`;
  const { connection, object } = settings;
  return { connection, object, schema, table, sqlName, ...serverOf(connection, settings.options['url'] ?? '') };
}

/** `accounts` is in the schema public; a name with a dot in it is written in double quotes. */
function nameParts(object: string): readonly [schema: string, table: string] {
  const part = '(?:"((?:[^"]|"")+)"|([^".]+))';
  const found = new RegExp(`^(?:${part}\\.)?${part}$`).exec(object);
  const [, quotedSchema, schema, quotedTable, table] = found ?? [];
  const name = quotedTable?.replaceAll('""', '"') ?? table;
  if (name !== undefined) return [quotedSchema?.replaceAll('""', '"') ?? schema ?? 'public', name];
  throw new ParleyError('connector.object_not_found', `"${object}" does not name a table.`, {
    hint: 'Write schema.table, with parts that hold a dot in double quotes.',
  });
}

function serverOf(connection: string, url: string): Pick<Place, 'server' | 'role'> {
  const found = /^postgres(?:ql)?:\/\/(?:([^/?]*)@)?([^@/?]*)(?:\/([^?]*))?/.exec(url);
  const [, login, host = '', database = ''] = found ?? [];
  if (found === null || !hosts.test(host)) {
    throw new ParleyError(
      'config.invalid',
      `The url of the connection "${connection}" is not one of a PostgreSQL database.`,
      {
        hint: 'Write postgres://user:password@host:5432/database, with special characters of the password as %40 and so on.',
      },
    );
  }
  const role = login?.split(':')[0] ?? '';
  return { server: `${host}/${decoded(database)}`, role: role === '' ? null : decoded(role) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The SQL that gives the role what it lacks. */
export function grantsFor(place: Place, privileges: readonly string[], role = place.role): string {
  const to = role === null ? 'the role of the connection' : quoted(role);
  const usage = `grant usage on schema ${quoted(place.schema)} to ${to};`;
  return `As the owner run: ${usage} grant ${privileges.join(', ')} on ${place.sqlName} to ${to};`;
}
