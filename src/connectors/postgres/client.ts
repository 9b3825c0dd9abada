import postgres from 'postgres';
import { assert } from '../../core/assert.js';
import { ParleyError } from '../../core/errors.js';
import { isConnectionFailure } from './failures.js';
import { oneSocket } from './one-socket.js';

/** A row as text, in the order of the statement's columns: every column of every statement is cast to text. */
export type TextRow = readonly (string | null)[];
export type Parameter = string | null;

const sessionsMax = 3;
const connectTimeoutMs = 10_000;
const statementTimeoutMs = 120_000;
const lockTimeoutMs = 10_000;
/**
 * Between two statements of a transaction of ours. A worker that died, or a way that was cut without a word, must not
 * keep the system's own people from its rows; the server notices neither by itself for hours.
 */
const idleInTransactionMs = 10_000;
const idleMs = 60_000;
const closeTimeoutSeconds = 5;

/**
 * The text of a value must not depend on how the server or the role is set up: it is compared with the text that an
 * earlier session read.
 */
const sessionSettings = {
  application_name: 'parley',
  DateStyle: 'ISO, YMD',
  TimeZone: 'UTC',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  statement_timeout: statementTimeoutMs,
  lock_timeout: lockTimeoutMs,
  idle_in_transaction_session_timeout: idleInTransactionMs,
};

/** One connection. It never reconnects: once lost, so is its transaction, and the next statement says so. */
export type Session = {
  /** The server process, so that a statement can be cancelled from elsewhere. */
  readonly pid: string;
  readonly user: string;
  /** Runs one statement. Throws what the driver throws. */
  query(text: string, parameters?: readonly Parameter[]): Promise<readonly TextRow[]>;
  /** Runs the work; an abort cancels the statement that is under way, and the session is not lent again. */
  cancellable<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
};

export type Client = {
  /** Lends a session. When the work fails, what it began is rolled back. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Lends a session that is connected anew, for work that a lost one left in doubt. */
  useFresh<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

type Held = Session & {
  /** Whether it may be lent again. */
  isSound(): boolean;
  end(): Promise<void>;
};

/** At most three sessions on one database, opened when needed and closed after a minute without work. */
export function openClient(url: string): Client {
  const idle = new Map<Held, NodeJS.Timeout>();
  const waiting: (() => void)[] = [];
  let lent = 0;
  let closed = false;

  const takeIdle = (): Held | undefined => {
    for (const [held, timer] of idle) {
      clearTimeout(timer);
      idle.delete(held);
      if (held.isSound()) return held;
    }
    return undefined;
  };
  const giveBack = async (held: Held): Promise<void> => {
    if (closed || !held.isSound()) {
      await held.end();
      return;
    }
    const retire = (): void => {
      idle.delete(held);
      void held.end();
    };
    idle.set(held, setTimeout(retire, idleMs).unref());
  };
  /** A place is handed to the next in line rather than freed, so that nobody overtakes. */
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (lent < sessionsMax) lent += 1;
    else await new Promise<void>((free) => waiting.push(free));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) lent -= 1;
      else next();
    }
  };
  const lend = async <T>(held: Held, work: (session: Session) => Promise<T>): Promise<T> => {
    try {
      return await work(held);
    } catch (error) {
      if (held.isSound()) await held.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      await giveBack(held);
    }
  };
  return {
    use: (work) => inTurn(async () => lend(takeIdle() ?? (await openSession(url)), work)),
    useFresh: (work) => inTurn(async () => lend(await openSession(url), work)),
    async close() {
      closed = true;
      const ending = [...idle].map(([held, timer]) => {
        clearTimeout(timer);
        return held.end();
      });
      idle.clear();
      await Promise.all(ending);
    },
  };
}

/**
 * The driver (3.4.9) is guarded in three places. After a statement failed part-way, the next result begins with the
 * lost rows of the failed one; any completed command resets that, so every failure is followed by a rollback, which
 * does nothing outside a transaction. It reconnects by itself, which in the middle of a transaction would run the rest
 * of it outside; so a session has one socket, and refuses all that follows once it is lost. And its own cancel leaves a rejection
 * that nobody handles when it cannot connect; so statements are cancelled through another session.
 */
async function openSession(url: string): Promise<Held> {
  let alive = true;
  let sound = true;
  const options = {
    max: 1,
    // Without the server's array types, an array parameter is the text that we give it.
    fetch_types: false,
    connect_timeout: connectTimeoutMs / 1000,
    socket: oneSocket(connectTimeoutMs),
    idle_timeout: 0,
    max_lifetime: null,
    connection: sessionSettings,
    onnotice: () => undefined,
    onclose: () => {
      alive = false;
    },
  };
  // The driver takes `socket` although its types leave it out.
  const sql = postgres(url, options);
  const end = async (): Promise<void> => {
    // A connection that is gone has nothing to say good-bye to, and the driver would wait for it.
    const timeout = alive ? closeTimeoutSeconds : 0;
    alive = false;
    await sql.end({ timeout });
  };
  const query: Session['query'] = async (text, parameters = []) => {
    if (!alive) throw lostConnection();
    try {
      const result = await sql.unsafe(text, [...parameters]).values();
      return checked(result as DriverResult);
    } catch (error) {
      if (isConnectionFailure(error) || error instanceof ParleyError) alive = false;
      throw error;
    }
  };
  try {
    const [row] = await query('select pg_backend_pid()::text, current_user::text');
    const [pid, user] = row ?? [];
    assert(typeof pid === 'string' && typeof user === 'string', 'a server names its process and its user');
    const cancel = (): void => {
      sound = false;
      void cancelFromElsewhere(url, pid);
    };
    const cancellable: Session['cancellable'] = (work, signal) => withCancel(work, cancel, signal);
    return { pid, user, query, cancellable, isSound: () => alive && sound, end };
  } catch (error) {
    alive = false;
    await end();
    throw error;
  }
}

async function withCancel<T>(work: () => Promise<T>, cancel: () => void, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const result = await work();
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

async function cancelFromElsewhere(url: string, pid: string): Promise<void> {
  try {
    const other = await openSession(url);
    await other.query('select pg_cancel_backend($1::text::int)::text', [pid]);
    await other.end();
  } catch {
    // The statement then ends by its own time limit.
  }
}

type DriverResult = readonly TextRow[] & { readonly count: number | null };

function checked(rows: DriverResult): readonly TextRow[] {
  if (rows.length === 0 || (rows.count === rows.length && Array.isArray(rows[0]))) return rows;
  throw new ParleyError(
    'connector.unreachable',
    'The database driver handed over rows of another statement. The result was not used.',
    { hint: 'The next attempt opens a new connection. If it comes again, report it with the version of the server.' },
  );
}

function lostConnection(): Error {
  return Object.assign(new Error('The connection to the database was lost.'), { code: 'CONNECTION_CLOSED' });
}
