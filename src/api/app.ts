import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { requestId } from 'hono/request-id';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { ParleyError } from '../core/errors.js';
import { authenticate } from './auth.js';
import { openApiDocument } from './document.js';
import type { ApiDependencies, ApiEnv } from './environment.js';
import { logFailure } from './failure-log.js';
import { asParleyError, problemOf, sendProblem } from './problem.js';
import { createRouter, type Router } from './router.js';
import { conflictRoutes } from './routes/conflicts.js';
import { ledgerRoutes } from './routes/ledger.js';
import { pairRoutes } from './routes/pairs.js';
import { planRoutes } from './routes/plans.js';
import { recordRoutes } from './routes/records.js';
import { runRoutes } from './routes/runs.js';
import { serverRoutes } from './routes/server.js';
import { streamRoutes } from './routes/streams.js';

/** The largest request is a decision with a note; this leaves room for a typed value. */
export const bodyMaxBytes = 1_000_000;

/**
 * The HTTP API. Everything under /v1 needs a bearer token, each route a role; the rest tells nothing about records.
 * There is no CORS: pages of other origins cannot read an answer.
 */
export function createApp(dependencies: ApiDependencies): Router {
  const app = createRouter();
  app.use(requestId({ limitLength: 64 }));
  app.use(requestLog(dependencies));
  app.use(securityHeaders);
  app.use(knownHost(dependencies));
  app.use(bodyLimit({ maxSize: bodyMaxBytes, onError: tooLarge }));
  app.use('/v1/*', authenticate(dependencies));

  app.route('/', serverRoutes(dependencies));
  for (const routes of [pairRoutes, planRoutes, runRoutes, recordRoutes, ledgerRoutes, conflictRoutes, streamRoutes]) {
    app.route('/', routes(dependencies));
  }
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get('/openapi.json', (c) => {
    document ??= openApiDocument(app, dependencies.version);
    return c.json(document);
  });

  app.notFound(() => {
    throw new ParleyError('request.not_found', 'There is nothing at this address. Nothing was done.', {
      hint: 'The document at /openapi.json lists every address.',
    });
  });
  app.onError((error, c) => {
    const failure = asParleyError(error);
    logFailure(dependencies.log, failure, { requestId: c.get('requestId'), route: routePath(c, -1) });
    return sendProblem(c, problemOf(failure, c.get('requestId')));
  });
  return app;
}

/** Answers hold data of records: nobody between may keep them. The page loosens the policy for its own parts. */
const securityHeaders: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await strictHeaders(c, async () => {
    await next();
  });
  if (c.res.headers.get('Cache-Control') === null) c.header('Cache-Control', 'no-store');
  if (c.res.headers.get('Content-Security-Policy') === null) {
    c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  }
};
const strictHeaders = secureHeaders({ xFrameOptions: 'DENY', strictTransportSecurity: false });

/** One line a request. The route's pattern stands for the address, which may hold the key of a record. */
function requestLog({ log, nowMs }: ApiDependencies): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAtMs = nowMs();
    await next();
    const fields = {
      requestId: c.get('requestId'),
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      ms: nowMs() - startedAtMs,
      actor: c.get('principal')?.name,
    };
    log.info(fields, 'request');
  };
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Refuses names that the server does not go by, before anything is read. */
function knownHost({ hosts }: ApiDependencies): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (hosts === 'loopback' && !loopbackNames.has(hostName(c.req.header('host') ?? new URL(c.req.url).host))) {
      throw new ParleyError('request.wrong_host', 'This server does not go by the name of this request.', {
        hint: 'Use http://127.0.0.1 or http://localhost with its port; set PARLEY_HOST to serve other names.',
      });
    }
    await next();
  };
}

/** The name without its port; empty when the text is more than a name and a port. */
function hostName(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d+)?$/i.exec(host)?.[1]?.toLowerCase() ?? '';
}

function tooLarge(): never {
  throw new ParleyError('request.too_large', `The body is larger than ${bodyMaxBytes} bytes. Nothing was done.`);
}
