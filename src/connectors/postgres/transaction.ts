import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '../../core/assert.js';
import type { Fate } from '../../engine/connector.js';
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
  /** Told before the commit, with what `fateOf` finds out by what became of it. */
  readonly announce?: ((mark: string, result: T) => Promise<void>) | undefined;
};

/** A transaction by its id, the server's process for it, and the server under which the id means anything. */
type Commit = { readonly xid: string; readonly pid: string; readonly server: string };

/**
 * Runs the work in one transaction. It throws only when nothing took effect: the connection was lost before the
 * commit was sent, the server refused it, or the server says that the transaction was not committed. A commit whose
 * answer got lost is looked up by its transaction id.
 */
export async function inTransaction<T>(
  client: Client,
  work: (session: Session) => Promise<T>,
  { identity, signal, inDoubt, announce }: TransactionOptions<T>,
): Promise<T> {
  const { result, lost } = await client.use(async (session) => {
    signal?.throwIfAborted();
    await session.query('begin isolation level read committed');
    const [row] = await session.query(`select pg_current_xact_id()::text, ${identity}`);
    const [xid, server] = row ?? [];
    assert(typeof xid === 'string' && typeof server === 'string', 'a transaction has an id and a server');
    const value = await session.cancellable(() => work(session), signal);
    const commit: Commit = { xid, pid: session.pid, server };
    await announce?.(JSON.stringify(commit), value);
    try {
      await session.query('commit');
      return { result: value, lost: null };
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      return { result: value, lost: { commit, error } };
    }
  });
  if (lost === null) return result;
  switch (await fateOf(client, JSON.stringify(lost.commit), identity)) {
    case 'made':
      return result;
    case 'not_made':
      throw lost.error;
    case 'open':
    case 'unknown':
      return inDoubt(result);
  }
}

/** What became of a transaction, by its mark. `open`: the server could not be asked, or it is still at it. */
export async function fateOf(client: Client, mark: string, identity: string): Promise<Fate> {
  const commit = JSON.parse(mark) as Commit;
  const deadline = Date.now() + settleTimeoutMs;
  for (;;) {
    const status = await client.useFresh((session) => statusOf(session, commit, identity)).catch(() => null);
    if (status === 'committed') return 'made';
    if (status === 'aborted') return 'not_made';
    if (status === 'unknown') return 'unknown';
    if (Date.now() > deadline) return 'open';
    await wait(settlePauseMs);
  }
}

/**
 * What the server says about the transaction. One that is still in progress belongs to a server process that waits
 * for a client it has lost: it is ended, so that the answer becomes final. On another server, or after a crash, the
 * same id may stand for another transaction.
 */
async function statusOf(session: Session, commit: Commit, identity: string): Promise<string> {
  const [same] = await session.query(`select (${identity} = $1::text)::text`, [commit.server]);
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
