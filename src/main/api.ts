import { once } from 'node:events';
import { createApp } from '../api/app.js';
import { isLoopback, listen, type Serving } from '../api/serve.js';
import { consolePage } from '../console/page.js';
import { closingSignal } from './closing.js';
import { type Composition, compose } from './compose.js';
import type { Environment } from './environment.js';
import { version } from './version.js';

/**
 * The HTTP API. Starts without Postgres and Temporal and says on /ready what is missing. Runs until SIGTERM; requests
 * under way end first, streams are ended.
 *
 * @throws ParleyError `config.invalid`, `dev.port_taken`
 */
export async function runApi(environment: Environment, closing: AbortSignal = closingSignal()): Promise<void> {
  const hub = await compose(environment, { role: 'api' });
  try {
    const serving = await serveHub(environment, hub, closing);
    hub.log.info({ host: environment.host, port: serving.port }, 'The API listens.');
    if (!closing.aborted) await once(closing, 'abort');
    await serving.close();
  } finally {
    await hub.close();
  }
  hub.log.info({}, 'The API has stopped.');
}

function serveHub(environment: Environment, hub: Composition, stopping: AbortSignal): Promise<Serving> {
  const { host, port } = environment;
  if (!isLoopback(host)) {
    hub.log.warn(
      { host },
      'The API is reachable from other machines: put TLS in front of it, tokens travel in the open.',
    );
  }
  const app = createApp({
    engine: hub.engine,
    readModel: hub.readModel,
    store: hub.store,
    runner: hub.runner,
    log: hub.log,
    version: version(),
    hosts: isLoopback(host) ? 'loopback' : 'any',
    page: consolePage,
    stopping,
    nowMs: () => Date.now(),
  });
  return listen({ fetch: app.fetch, host, port });
}
