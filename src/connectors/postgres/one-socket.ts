import { createConnection, type Socket } from 'node:net';

/** What the driver has read from the url. */
type Addresses = {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | undefined;
};

/**
 * The way to the server for one session: each address of the url is tried once, in order, and then never again. Left
 * to itself the driver connects anew whenever the connection ends, without a pause where a server accepts and closes.
 */
export function oneSocket(timeoutMs: number): (addresses: Addresses) => Promise<Socket> {
  let tried = 0;
  return async ({ host, port, path }) => {
    let failure = Object.assign(new Error('The connection ended.'), { code: 'CONNECTION_CLOSED' });
    while (tried < host.length) {
      const name = host[tried] ?? '';
      const target = typeof path === 'string' ? { path } : { host: name, port: port[tried] ?? 5432 };
      tried += 1;
      try {
        // The name is what the driver asks the certificate for.
        return Object.assign(await connected(createConnection(target), timeoutMs), { host: name });
      } catch (error) {
        if (error instanceof Error) failure = error as typeof failure;
      }
    }
    throw failure;
  };
}

function connected(socket: Socket, timeoutMs: number): Promise<Socket> {
  return new Promise((done, failed) => {
    const fail = (error: Error): void => {
      socket.destroy();
      failed(error);
    };
    const timeout = setTimeout(
      () => fail(Object.assign(new Error('No answer.'), { code: 'CONNECT_TIMEOUT' })),
      timeoutMs,
    );
    socket.once('error', (error) => {
      clearTimeout(timeout);
      fail(error);
    });
    socket.once('connect', () => {
      clearTimeout(timeout);
      socket.removeAllListeners('error');
      done(socket);
    });
  });
}
