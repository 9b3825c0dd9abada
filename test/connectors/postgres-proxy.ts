import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What befalls the connection on which a client message with the text goes by. */
export type Mishap = {
  readonly at: string;
  /**
   * `before`: both ends are cut and the message is lost. `half`: the same, but the server is not told.
   * `after`: the server does it, and its answer is lost.
   */
  readonly kind: 'before' | 'half' | 'after';
  /** Whether nobody can connect any more afterwards. */
  readonly forGood?: boolean;
};

export type Proxy = {
  readonly url: string;
  mishap: Mishap | null;
  /** Cuts every connection, and lets none in until `heal`. `half`: the server is not told. */
  cut(kind: 'both' | 'half'): void;
  /** Lets connections in again. */
  heal(): void;
  close(): Promise<void>;
};

/** A way to a database on which messages and answers can get lost at a chosen moment. */
export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const clients = new Map<Socket, (kind: 'both' | 'half') => void>();
  let broken = false;
  const server = createServer((client) => {
    if (broken) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    let deaf = false;
    let isHalf = false;
    clients.set(client, (kind) => {
      isHalf = kind === 'half';
      client.destroy();
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (message) => {
      const { mishap } = proxy;
      if (mishap === null || !message.includes(mishap.at)) {
        upstream.write(message);
        return;
      }
      proxy.mishap = null;
      broken = mishap.forGood === true;
      if (mishap.kind === 'after') {
        deaf = true;
        upstream.once('data', () => client.destroy());
        upstream.write(message);
        return;
      }
      isHalf = mishap.kind === 'half';
      client.destroy();
    });
    upstream.on('data', (answer) => {
      if (!deaf) client.write(answer);
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => {
      clients.delete(client);
      // A client that is gone takes the other end with it, as the system does for a process that died.
      if (!deaf && !isHalf) upstream.destroy();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  const proxy: Proxy = {
    url: url.href,
    mishap: null,
    cut(kind) {
      broken = true;
      for (const cutOne of clients.values()) cutOne(kind);
    },
    heal() {
      broken = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
  return proxy;
}
