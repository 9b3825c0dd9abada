import { setImmediate as nextTurn } from 'node:timers/promises';
import postgres from 'postgres';
import { assert } from '../core/assert.js';
import { ParleyError } from '../core/errors.js';
import type { Log } from '../engine/ports.js';
import { elementsIn } from './array-text.js';
import { isEcho, storeFailure } from './failures.js';
import { openSessions, type Session } from './sessions.js';

type Types = { bigint: number };

/** What statements are written with, inside a transaction and outside. */
export type Sql = postgres.ISql<Types>;
export type Rows<Row extends object> = postgres.PendingQuery<Row[]>;

/**
 * The only way to the database. The driver corrupts the result that follows a statement which failed part-way outside
 * a transaction (postgres.js 3.4.9: its row counter is not reset), so no statement goes out unguarded.
 */
export type Database = {
  /** One statement by itself. @throws ParleyError `store.corrupt_result` when rows are missing or too many. */
  run<Row extends object>(statement: (sql: Sql) => Rows<Row>): Promise<readonly Row[]>;
  /** A transaction, read committed. Commits when the work returns; rolls back when it throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** A read-only transaction in which all statements see one moment. */
  snapshot<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  readonly url: string;
  readonly connectionsMax: number;
  /** How long a statement waits for a lock before it gives up; 0 waits for ever. */
  readonly lockTimeoutMs: number;
  readonly log?: Log | undefined;
  /** Called with the text of every statement as it is sent; for tests that count. */
  readonly onStatement?: ((text: string) => void) | undefined;
};

const connectTimeoutSeconds = 10;
const closeTimeoutSeconds = 5;
/** A process that vanished in a transaction must not keep a pair locked. */
const idleInTransactionTimeoutMs = 60_000;

function wholeNumber(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), 'a number of the database exceeds 2^53');
  return value;
}

/** Written as text already where they are parameters. */
const asGiven = (array: string): string => array;
const arrayTypes = {
  texts: { to: 1009, from: [1009], parse: elementsIn, serialize: asGiven },
  bigints: {
    to: 1016,
    from: [1016],
    parse: (array: string) => elementsIn(array).map(wholeNumber),
    serialize: asGiven,
  },
};

function connect(options: DatabaseOptions, onClose: () => void): postgres.Sql<Types> {
  const { onStatement, log } = options;
  return postgres(options.url, {
    max: 1,
    onclose: onClose,
    connect_timeout: connectTimeoutSeconds,
    // The driver asks a new connection for the server's array types, and nobody hears when that fails: a database that
    // goes away in this moment would end the process. The two that the store reads are told here.
    fetch_types: false,
    types: {
      bigint: { to: 20, from: [20], parse: wholeNumber, serialize: (value: number) => String(value) },
      ...arrayTypes,
    },
    onnotice: (notice) => {
      if (notice['severity'] === 'WARNING') log?.warn({ code: notice['code'] }, 'the database warns');
    },
    ...(onStatement === undefined ? {} : { debug: (_connection, text) => onStatement(text) }),
    connection: {
      application_name: 'parley',
      search_path: 'public',
      lock_timeout: options.lockTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      // Compiling costs more than it saves on statements whose row estimates are guesses about arrays.
      jit: false,
    },
  });
}

/** Connects lazily: the first statement finds out whether the database is there. */
export function openDatabase(options: DatabaseOptions): Database {
  const sessions = openSessions(options.connectionsMax, (onClose) => connect(options, onClose), closeTimeoutSeconds);
  const guarded = async <T>(work: (session: Session<postgres.Sql<Types>>) => Promise<T>): Promise<T> => {
    try {
      return await sessions.lend(work);
    } catch (error) {
      throw storeFailure(error);
    }
  };
  const begin = <T>(mode: string, work: (sql: Sql) => Promise<T>): Promise<T> =>
    guarded(async (session) => {
      const { result } = await session.client.begin(mode, (sql) => whileConnected(session, sql, work));
      return result;
    });
  return {
    run: (statement) => guarded(async ({ client }) => intact(await statement(client))),
    transaction: (work) => begin('', work),
    snapshot: (work) => begin('isolation level repeatable read read only', work),
    close: () => sessions.close(),
  };
}

/**
 * The work of a transaction, as long as its connection lasts. The driver (3.4.9) ends the process when a statement is sent on
 * a connection that has closed: it writes to no socket in a later turn, where nobody can catch it. So nothing is sent any more
 * once a connection is lost: not by the work, and not by the driver itself, whose rollback or commit would follow the
 * work's end. What was begun is then only waiting for the loss, which the driver reports by itself.
 */
async function whileConnected<T>(
  session: Session<unknown>,
  sql: postgres.TransactionSql<Types>,
  work: (sql: Sql) => Promise<T>,
): Promise<{ readonly result: T }> {
  const connected = new Proxy(sql, {
    apply(target, self, parameters: unknown[]) {
      if (session.isLost()) throw Object.assign(new Error('The connection ended.'), { code: 'CONNECTION_CLOSED' });
      return Reflect.apply(target, self, parameters) as unknown;
    },
  });
  try {
    const result = await work(connected);
    if (!session.isLost()) return { result };
  } catch (error) {
    if (!session.isLost()) throw error;
  }
  return new Promise<never>(() => undefined);
}

/** The rows as the database sent them, or an error: see the trap described at `Database`. */
function intact<Row extends object>(result: postgres.RowList<Row[]>): readonly Row[] {
  const gives = (result.columns as readonly unknown[] | undefined) !== undefined && result.columns.length > 0;
  if (gives && result.length !== result.count) {
    throw new ParleyError(
      'store.corrupt_result',
      `The driver gave ${result.length} rows where the database sent ${result.count}. The result was thrown away.`,
      { hint: 'Try again: the connection is sound after this.' },
    );
  }
  return result;
}

/**
 * Sends the statements of a transaction one behind the other without waiting for answers: while the database works on
 * one, the next is made. The first that failed is thrown, once; the ones after it only fail because of it.
 */
export async function pipelined(statements: Iterable<() => Promise<unknown>>): Promise<void> {
  const failures: Promise<unknown>[] = [];
  for (const statement of statements) {
    failures.push(
      statement().then(
        () => null,
        (error: unknown) => error,
      ),
    );
    // Lets the driver hand the bytes over before the next statement takes the processor.
    await nextTurn();
  }
  const found = (await Promise.all(failures)).filter((failure) => failure !== null);
  if (found.length > 0) throw (found.find((failure) => !isEcho(failure)) ?? found[0]) as Error;
}
