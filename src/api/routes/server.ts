import { createHash } from 'node:crypto';
import { type HealthView, healthSchema, type ReadinessView, readinessSchema } from '../../contract/api/server.js';
import { asParleyError } from '../problem.js';
import type { ApiDependencies } from '../environment.js';
import { answers, createRouter, openRoute, type Router } from '../router.js';

/** How long a check may take, and how long its answer is good: the route is open to anybody. */
const checkTimeoutMs = 3_000;
const answerGoodForMs = 1_000;

/** What anybody may ask: is the process alive, can it work, and the page that says so. */
export function serverRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  const readiness = cachedReadiness(dependencies);

  router.openapi(
    openRoute({
      method: 'get',
      path: '/health',
      tags: ['server'],
      summary: 'The process is alive',
      responses: answers(healthSchema, 'Always, while it runs'),
    }),
    (c) => {
      const health: HealthView = { status: 'ok', version: dependencies.version };
      return c.json(health, 200);
    },
  );

  router.openapi(
    openRoute({
      method: 'get',
      path: '/ready',
      tags: ['server'],
      summary: 'Everything that it needs is there: database, orchestration, a worker',
      responses: {
        200: { description: 'Ready', content: { 'application/json': { schema: readinessSchema } } },
        503: {
          description: 'Not ready; says what is missing',
          content: { 'application/json': { schema: readinessSchema } },
        },
      },
    }),
    async (c) => {
      const answer = await readiness();
      if (answer.ready) return c.json(answer, 200);
      return c.json(answer, 503);
    },
  );

  const { page } = dependencies;
  const policy = [
    "default-src 'none'",
    `style-src '${hashSource(page.style)}'`,
    `script-src '${hashSource(page.script)}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  router.get('/', (c) => {
    c.header('Content-Security-Policy', policy);
    return c.html(page.html);
  });
  return router;
}

function hashSource(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}

/** Checks at most once a second, however many ask. */
function cachedReadiness(dependencies: ApiDependencies): () => Promise<ReadinessView> {
  let latest: { readonly atMs: number; readonly answer: Promise<ReadinessView> } | null = null;
  return () => {
    const nowMs = dependencies.nowMs();
    if (latest === null || nowMs - latest.atMs > answerGoodForMs) latest = { atMs: nowMs, answer: check(dependencies) };
    return latest.answer;
  };
}

async function check(dependencies: ApiDependencies): Promise<ReadinessView> {
  const checks = await Promise.all([
    checked('store', 'Postgres answers and is migrated.', () => dependencies.store.ping()),
    checked('runner', 'Temporal answers.', () => dependencies.runner.ping()),
    workersCheck(dependencies),
  ]);
  return { ready: checks.every(({ ok }) => ok), checks };
}

type Check = ReadinessView['checks'][number];

async function checked(name: Check['name'], detail: string, ask: () => Promise<unknown>): Promise<Check> {
  try {
    await withDeadline(ask());
    return { name, ok: true, code: null, detail };
  } catch (error) {
    // The route is open to anybody, and messages name hosts and databases: the code and our own words are enough.
    const { code } = error instanceof LateAnswer ? { code: `${name}.unreachable` } : asParleyError(error);
    return { name, ok: false, code, detail: missing[name] };
  }
}

const missing: Readonly<Record<Check['name'], string>> = {
  store: 'Postgres does not answer or is not migrated: parley doctor says what to do.',
  runner: 'Temporal does not answer: parley doctor says what to do.',
  workers: 'No worker was seen within 30 seconds: nothing is read or written until one runs.',
};

async function workersCheck(dependencies: ApiDependencies): Promise<Check> {
  let alive = 0;
  const answered = await checked('workers', '', async () => {
    alive = await dependencies.readModel.workersAlive();
  });
  if (!answered.ok) return { ...answered, detail: 'Postgres could not be asked which workers are alive.' };
  if (alive === 0) return { ...answered, ok: false, detail: missing.workers };
  return { ...answered, detail: alive === 1 ? '1 worker is alive.' : `${alive} workers are alive.` };
}

class LateAnswer extends Error {}

async function withDeadline(answer: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LateAnswer()), checkTimeoutMs);
  });
  try {
    await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
