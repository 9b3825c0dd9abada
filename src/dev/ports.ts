import { createServer } from 'node:net';

/** The usual port on 127.0.0.1 when nobody listens there, else one the system picks. 0 asks for any. */
export async function freePort(usual: number): Promise<number> {
  return (await listenOnce(usual)) ?? (await listenOnce(0)) ?? 0;
}

/** Whether somebody could listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(taken));
    });
  });
}
