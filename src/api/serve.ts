import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { ParleyError } from '../core/errors.js';

export type Serving = {
  /** The port that was taken; of interest when 0 was asked for. */
  readonly port: number;
  /** Takes no new request, lets those under way end, and after `closeGraceMs` cuts what is left. */
  close(): Promise<void>;
};

export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** How long requests under way may take to end when the server stops. */
export const closeGraceMs = 10_000;
/** How long a request may take to arrive: bodies are small. */
const requestTimeoutMs = 30_000;

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Listens until it is closed. @throws ParleyError `dev.port_taken`, `config.invalid` when the host is none of ours */
export async function listen(settings: {
  readonly fetch: Fetch;
  readonly host: string;
  readonly port: number;
  readonly graceMs?: number;
}): Promise<Serving> {
  const { fetch, host, port, graceMs = closeGraceMs } = settings;
  const server = serve({
    fetch,
    hostname: host,
    port,
    serverOptions: { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
  }) as Server;
  await listening(server, host, port);
  return { port: (server.address() as AddressInfo).port, close: () => closed(server, graceMs) };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, host, port)));
  });
}

function refusal(error: NodeJS.ErrnoException, host: string, port: number): ParleyError {
  if (error.code === 'EADDRINUSE') {
    return new ParleyError('dev.port_taken', `Port ${port} of ${host} is taken. The API was not started.`, {
      hint: 'Set PARLEY_PORT to a free port, or stop what uses this one.',
      cause: error,
    });
  }
  const why = error.code ?? 'unknown reason';
  return new ParleyError('config.invalid', `The API cannot listen on ${host}:${port} (${why}). It was not started.`, {
    hint: 'PARLEY_HOST must be an address of this machine, PARLEY_PORT a port that this user may use.',
    cause: error,
  });
}

async function closed(server: Server, graceMs: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  clearTimeout(cut);
}
