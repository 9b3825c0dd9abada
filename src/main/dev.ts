import { join } from 'node:path';
import type { DevStep, DevUp, DevWish } from '../cli/machinery.js';
import { openStore } from '../db/postgres-store.js';
import { type Dev, type DevEvent, type DevToken, startDev } from '../dev/dev.js';
import type { DevFile } from '../dev/dev-file.js';
import { stopOnSignal } from '../dev/processes.js';
import { createLog } from '../telemetry/log.js';
import type { Environment } from './environment.js';

/** `parley dev`: up, then down again in order when Ctrl-C, SIGTERM or a closed terminal says so. */
export async function runDev(wish: DevWish, variables: Environment['variables']): Promise<'stopped' | 'interrupted'> {
  const starting = new AbortController();
  let up: Dev | undefined;
  // Until everything is up, the start itself gives up and stops what it has brought up.
  const end = async (how: 'stop' | 'kill'): Promise<void> => {
    if (up === undefined) starting.abort();
    else await up[how]();
  };
  const parts = { stop: () => end('stop'), kill: () => end('kill') };
  const down = stopOnSignal(parts, (_signal, count) => wish.onStopping(count));
  try {
    up = await startDev({
      folder: wish.folder,
      log: createLog({ level: 'info', name: 'dev', file: join(wish.folder, '.parley', 'logs', 'dev.log') }),
      onEvent: (event) => wish.onStep(stepOf(event)),
      saveToken: saveDevToken,
      env: variables,
      signal: starting.signal,
      ...(wish.apiPort === null ? {} : { ports: { api: wish.apiPort } }),
    });
  } catch (error) {
    if (!starting.signal.aborted) throw error;
    return 'interrupted';
  }
  if (starting.signal.aborted) {
    await up.stop();
    return 'interrupted';
  }
  wish.onUp(addressesOf(up.file));
  await down;
  return 'stopped';
}

/** What the stack says while it comes up, in the words that people see. */
export function stepOf(event: DevEvent): DevStep {
  switch (event.kind) {
    case 'starting':
    case 'ready':
      return { part: event.part, state: event.kind, detail: event.detail };
    case 'fetching':
      return { part: 'temporal', state: 'fetching', detail: fetchDetail(event.progress) };
    case 'process':
      return { part: event.event.name, state: event.event.kind, detail: processDetail(event.event) };
  }
}

type Fetching = Extract<DevEvent, { readonly kind: 'fetching' }>['progress'];
type Happened = Extract<DevEvent, { readonly kind: 'process' }>['event'];

function fetchDetail({ source, state, receivedBytes, totalBytes }: Fetching): string {
  if (receivedBytes === undefined) return `${source}: ${state}`;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const total = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
  return `${source}: ${state}, ${megabytes(receivedBytes)}${total} MB`;
}

function processDetail(event: Happened): string {
  if (event.kind === 'started') return `process ${event.pid}`;
  if (event.kind === 'stopped') return '';
  return `${event.how}; started again in ${event.restartInMs} ms`;
}

function addressesOf(file: DevFile): DevUp {
  const { api, temporal, database, logs } = file;
  return { url: api.url, token: api.token, temporal: temporal.address, dataFolder: database.dataFolder, logs };
}

/** The application's role may only read tokens, so the owner stores it. */
async function saveDevToken({ ownerUrl, hash, name, role }: DevToken): Promise<void> {
  const store = await openStore({ url: ownerUrl, connectionsMax: 1 });
  try {
    await store.saveToken({ hash, name, role });
  } finally {
    await store.close();
  }
}
