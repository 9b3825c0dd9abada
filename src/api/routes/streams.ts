import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import { stream } from 'hono/streaming';
import {
  eventMediaType,
  eventQuerySchema,
  type PairEvent,
  pairEventSchema,
  type VerifyEvent,
  verifyEventSchema,
} from '../../contract/api/events.js';
import { exportLineSchema, exportQuerySchema } from '../../contract/api/ledger-export.js';
import { type PairId, recordKey, sideName } from '../../core/ids.js';
import type { ExportLine } from '../../core/ledger/export.js';
import type { ApiDependencies, ApiEnv } from '../environment.js';
import { logFailure } from '../failure-log.js';
import { ledgerEntryView } from '../present/ledger.js';
import { pairView } from '../present/pair.js';
import { asParleyError, problemOf } from '../problem.js';
import { createRouter, type Router, securedRoute, streams } from '../router.js';
import { existingPair, pairParams } from './pairs.js';

const pollEveryMs = 500;
const entriesMax = 200;
/** A line at least this often, so that a reader can tell silence from a dead connection. */
const aliveEveryMs = 10_000;
const progressEveryMs = 250;

/** Answers that go on for a while: one JSON object a line, tagged by `event`. */
export function streamRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/events',
      tags: ['pairs'],
      summary: 'What happens to a pair, as it happens, until the reader goes away',
      request: { params: pairParams, query: eventQuerySchema },
      responses: streams(pairEventSchema, 'One event a line'),
    }),
    async (c) => {
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      const { ledgerSize } = await dependencies.store.pair(pair);
      const after = c.req.valid('query').after ?? ledgerSize - 1;
      return sendLines<PairEvent>(c, dependencies, (line) => follow(dependencies, pair, after, line));
    },
  );

  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/pairs/{pair}/verify',
      tags: ['pairs'],
      summary: 'Compare both systems in full with what the hub holds and with each other; reads only',
      request: { params: pairParams },
      responses: streams(verifyEventSchema, 'Progress, then one result'),
    }),
    async (c) => {
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      return sendLines<VerifyEvent>(c, dependencies, (line) => compare(dependencies, pair, line));
    },
  );

  router.openapi(
    securedRoute('operator', {
      method: 'get',
      path: '/v1/pairs/{pair}/ledger/export',
      tags: ['ledger'],
      summary: 'The ledger with everything that proves it, to be verified where no server is',
      request: { params: pairParams, query: exportQuerySchema },
      responses: streams(exportLineSchema, 'What it is, checkpoints, entries, and an end'),
    }),
    async (c) => {
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      const { values, side, key } = c.req.valid('query');
      const record = side === undefined || key === undefined ? null : { side: sideName(side), key: recordKey(key) };
      const input = { pair, values: values !== 'false', record };
      return sendLines<ExportLine>(c, dependencies, async ({ send, ended }) => {
        for await (const line of dependencies.engine.exportLedger(input)) {
          if (ended.aborted) return;
          await send(line);
        }
      });
    },
  );
  return router;
}

type Line<Event> = { readonly send: (event: Event) => Promise<void>; readonly ended: AbortSignal };

/** Ledger entries in order, each once, and the pair's state whenever it changed. */
async function follow(
  { readModel, nowMs }: ApiDependencies,
  pair: PairId,
  after: number,
  { send, ended }: Line<PairEvent>,
): Promise<void> {
  let seen = after;
  let shown = '';
  let sentAtMs = nowMs();
  while (!ended.aborted) {
    const [entries, status, workers] = await Promise.all([
      readModel.entriesSince(pair, seen, entriesMax),
      readModel.pairStatus(pair),
      readModel.workersAlive(),
    ]);
    const news: PairEvent[] = [];
    for (const stored of entries) {
      if (stored.entry.seq <= seen) continue;
      seen = stored.entry.seq;
      news.push({ event: 'entry', entry: ledgerEntryView(stored) });
    }
    const view = pairView(status, workers);
    const text = JSON.stringify({ ...view, now: null });
    if (text !== shown) news.push({ event: 'status', status: view });
    shown = text;
    if (news.length === 0 && nowMs() - sentAtMs > aliveEveryMs) news.push({ event: 'alive', at: view.now });
    for (const event of news) await send(event);
    if (news.length > 0) sentAtMs = nowMs();
    if (entries.length < entriesMax) await pause(ended);
  }
}

async function pause(ended: AbortSignal): Promise<void> {
  try {
    await sleep(pollEveryMs, undefined, { signal: ended });
  } catch {
    // The reader went away or the server stops; the loop looks at the signal.
  }
}

async function compare({ engine, nowMs }: ApiDependencies, pair: PairId, { send }: Line<VerifyEvent>): Promise<void> {
  let toldAtMs = 0;
  let telling = Promise.resolve();
  const verified = await engine.verify({ pair }, (done) => {
    if (nowMs() - toldAtMs < progressEveryMs) return;
    toldAtMs = nowMs();
    telling = telling.then(() => send({ event: 'progress', done }));
  });
  await telling;
  const result = {
    pair,
    ...verified,
    differences: { ...verified.differences },
    unexplained: verified.unexplained.map((found) => ({ ...found })),
  };
  await send({ event: 'result', result });
}

/** Streams lines; what goes wrong after the first byte is a last line, since the status has been sent already. */
function sendLines<Event>(
  c: Context<ApiEnv>,
  dependencies: ApiDependencies,
  write: (line: Line<Event>) => Promise<void>,
): Response {
  c.header('Content-Type', eventMediaType);
  // A proxy that buffers would turn a stream into one late answer.
  c.header('X-Accel-Buffering', 'no');
  return stream(c, async (out) => {
    const gone = new AbortController();
    out.onAbort(() => gone.abort());
    const ended = AbortSignal.any([gone.signal, dependencies.stopping]);
    const send = async (event: unknown) => {
      await out.writeln(JSON.stringify(event));
    };
    try {
      await write({ send, ended });
    } catch (error) {
      const failure = asParleyError(error);
      logFailure(dependencies.log, failure, { requestId: c.get('requestId') });
      const problem = problemOf(failure, c.get('requestId'));
      await send({ event: 'problem', line: 'problem', problem });
    }
  });
}
