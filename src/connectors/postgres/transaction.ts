import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '../../core/assert.js';
import type { Client, Session } from './client.js';
import { isConnectionFailure } from './failures.js';

/** How long the fate of a commit is asked for before it counts as unknown. */
const settleTimeoutMs = 10_000;
const settlePauseMs = 250;

export type TransactionOptions<T> = {
  /** SQL for the state of the server under which transaction ids mean anything. */
  readonly identity: string;
  readonly signal: AbortSignal | undefined;
  /** The result when nobody can say whether the transaction was committed. */
  readonly inDoubt: (result: T) => T;
};

type Commit = { readonly xid: string; readonly pid: string; readonly identity: string; readonly error: unknown };

/**
 * Runs the work in one transaction. It throws only when nothing took effect: the connection was lost before the
 * commit was sent, the server refused it, or the server says that the transaction was not committed. A commit whose
 * answer got lost is looked up by its transaction id.
 */
export async function inTransaction<T>(
  client: Client,
  work: (session: Session) => Promise<T>,
  { identity, signal, inDoubt }: TransactionOptions<T>,
): Promise<T> {
  const { result, lost } = await client.use(async (session) => {
    signal?.throwIfAborted();
    await session.query('begin isolation level read committed');
    const [row] = await session.query(`select pg_current_xact_id()::text, ${identity}`);
    const [xid, server] = row ?? [];
    assert(typeof xid === 'string' && typeof server === 'string', 'a transaction has an id and a server');
    const value = await session.cancellable(() => work(session), signal);
    try {
      await session.query('commit');
      return { result: value, lost: null };
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      return { result: value, lost: { xid, pid: session.pid, identity: server, error } };
    }
  });
  if (lost === null) return result;
  switch (await fateOf(client, lost, identity)) {
    case 'committed':
      return result;
    case 'aborted':
      throw lost.error;
    case 'unknown':
      return inDoubt(result);
  }
}

async function fateOf(client: Client, commit: Commit, identity: string): Promise<'committed' | 'aborted' | 'unknown'> {
  const deadline = Date.now() + settleTimeoutMs;
  for (;;) {
    const status = await client.useFresh((session) => statusOf(session, commit, identity)).catch(() => null);
    if (status === 'committed' || status === 'aborted') return status;
    if (status === 'unknown' || Date.now() > deadline) return 'unknown';
    await wait(settlePauseMs);
  }
}

/**
 * What the server says about the transaction. One that is still in progress belongs to a server process that waits
 * for a client it has lost: it is ended, so that the answer becomes final. On another server, or after a crash, the
 * same id may stand for another transaction.
 */
async function statusOf(session: Session, commit: Commit, identity: string): Promise<string> {
  const [same] = await session.query(`select (${identity} = $1::text)::text`, [commit.identity]);
  if (same?.[0] !== 'true') return 'unknown';
  const [row] = await session.query('select coalesce(pg_xact_status($1::text::xid8), $2::text)', [
    commit.xid,
    'unknown',
  ]);
  const status = row?.[0] ?? 'unknown';
  if (status === 'in progress') {
    await session.query(
      `select pg_terminate_backend(a.pid)::text from pg_stat_activity a
       where a.pid = $1::text::int and a.backend_xid = $2::text::xid8::xid`,
      [commit.pid, commit.xid],
    );
  }
  return status;
}
