import type postgres from 'postgres';

/** One connection of the driver. It is made with the first statement and never made anew: once lost, it is thrown away. */
export type Session<Client> = {
  readonly client: Client;
  isLost(): boolean;
};

/** A number of connections, each lent to one piece of work at a time. */
export type Sessions<Client> = {
  lend<T>(work: (session: Session<Client>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

type Ending = Pick<postgres.Sql, 'end'>;

/**
 * At most `max` connections; who comes later waits in line. `connect` makes a client of the driver for a single
 * connection, which calls `onClose` as soon as it is over.
 *
 * The driver's own pool (3.4.9) takes a connection that closed up again, and one that was lost while a message waited to be
 * written never writes again: whoever got it next would wait for ever.
 */
export function openSessions<Client extends Ending>(
  max: number,
  connect: (onClose: () => void) => Client,
  closeTimeoutSeconds: number,
): Sessions<Client> {
  const idle: Session<Client>[] = [];
  const open = new Set<Session<Client>>();
  const waiting: (() => void)[] = [];
  let lent = 0;
  let isClosed = false;

  const openOne = (): Session<Client> => {
    let lost = false;
    const client = connect(() => {
      lost = true;
    });
    const session = { client, isLost: () => lost };
    open.add(session);
    return session;
  };
  const throwAway = (session: Session<Client>): void => {
    open.delete(session);
    // It has nothing left to say, and the driver would wait for an answer.
    void session.client.end({ timeout: 0 }).catch(() => undefined);
  };
  const takeIdle = (): Session<Client> | undefined => {
    for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
      if (!session.isLost()) return session;
      throwAway(session);
    }
    return undefined;
  };
  const giveBack = (session: Session<Client>): void => {
    if (session.isLost()) throwAway(session);
    else idle.push(session);
    const next = waiting.shift();
    if (next === undefined) lent -= 1;
    // A place is handed on rather than freed, so that nobody overtakes.
    else next();
  };
  return {
    async lend(work) {
      if (lent < max) lent += 1;
      else await new Promise<void>((free) => waiting.push(free));
      if (isClosed) throw Object.assign(new Error('The connections were closed.'), { code: 'CONNECTION_ENDED' });
      const session = takeIdle() ?? openOne();
      try {
        return await work(session);
      } finally {
        giveBack(session);
      }
    },
    async close() {
      isClosed = true;
      for (const next of waiting.splice(0)) next();
      await Promise.all([...open].map(({ client }) => client.end({ timeout: closeTimeoutSeconds })));
    },
  };
}
