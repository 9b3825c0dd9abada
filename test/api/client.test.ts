import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerType, serve } from '@hono/node-server';
import { afterEach, describe, expect, test } from 'vitest';
import { createApiClient, eachRow } from '../../src/contract/api/client.js';
import type { PairEvent } from '../../src/contract/api/events.js';
import { ParleyError } from '../../src/core/errors.js';
import type { StoredEntry } from '../../src/engine/ledger-store.js';
import {
  awkwardKey,
  type Changes,
  ledgerEntry,
  pairRow,
  type SampleHub,
  sampleHub,
  status,
  tokens,
} from './sample-hub.js';

const running: ServerType[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) {
    await new Promise((closed) => {
      server.close(closed);
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  }
});

async function started(changes: Changes = {}): Promise<SampleHub & { readonly url: string }> {
  const hub = sampleHub(changes);
  const url = await new Promise<string>((listening) => {
    const server = serve({ fetch: hub.app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      listening(`http://127.0.0.1:${port}`),
    );
    running.push(server);
  });
  return { ...hub, url };
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const clientOf = (url: string, token = tokens.owner, signal?: AbortSignal) =>
  createApiClient({ url, token, ...(signal === undefined ? {} : { signal }) });

describe('the client', () => {
  test('reads what the server writes, for every noun', async () => {
    const { url } = await started();
    const client = clientOf(url);
    const { rows } = await client.pairs.list();
    expect(rows[0]).toMatchObject({ pair: 'suppliers', state: 'Healthy', agreement: { percent: '100.00' } });
    expect(await client.pairs.show('suppliers')).toEqual(rows[0]);
    expect(await client.pairs.revision('suppliers')).toMatchObject({ differs: false });
    expect(await client.pairs.setAside('suppliers')).toMatchObject({ rows: [{ place: 'suppliers.csv:12' }] });
    expect(await client.pairs.run('suppliers')).toMatchObject({ halted: false });
    expect(await client.pairs.change('suppliers', 'hold')).toMatchObject({ pair: 'suppliers' });
    expect(await client.pairs.ledger('suppliers', { limit: 1 })).toMatchObject({
      rows: [{ seq: 1, payload: { effects: [{ vvAfter: 'crm#1:3' }] } }],
    });
    expect(await client.pairs.verifyLedger('suppliers')).toMatchObject({ ok: true, root: 'ab' });
    expect(await client.plans.request('suppliers')).toMatchObject({ id: 7, pair: 'suppliers' });
    expect(await client.plans.list({ pair: 'suppliers' })).toMatchObject({ rows: [{ id: 7 }] });
    expect(await client.plans.items(7, { kind: 'update' })).toMatchObject({ rows: [{ seq: 1 }] });
    expect(await client.plans.approve(7)).toMatchObject({ id: 7 });
    expect(await client.plans.show(7)).toMatchObject({ asOf: { crm: '2026-05-03T09:11:00.000Z' } });
    expect(await client.runs.list()).toMatchObject({ rows: [{ id: 4 }] });
    expect(await client.records.list('suppliers', { standing: 'asked' })).toMatchObject({ rows: [{ entity: 1 }] });
    expect(await client.records.deliveries({ pair: 'suppliers', side: 'crm', key: '17' })).toMatchObject({
      rows: [{ id: 8 }],
    });
    expect(await client.conflicts.groups()).toMatchObject({ rows: [{ count: 3 }] });
    expect(await client.conflicts.list({ state: 'all' })).toMatchObject({ rows: [{ id: 41 }] });
    expect(await client.server.health()).toEqual({ status: 'ok', version: '0.1.0' });
    expect(await client.server.ready()).toMatchObject({ ready: true });
  });

  test('sends a decision as it was made', async () => {
    const { url, calls } = await started();
    const client = clientOf(url, tokens.operator);
    const shown = await client.conflicts.show(41);
    await client.conflicts.decide(41, { vv: shown.conflict.vv, choice: { kind: 'keep', side: 'crm' } });
    expect(calls.at(-1)?.input).toEqual({
      conflict: 41,
      vv: 'crm#1:3 erp#1:1',
      choice: { kind: 'keep', side: 'crm' },
      by: 'the operator',
      note: null,
    });
  });

  test.for([awkwardKey, '...', '%2e%2e', '\\', '//', '["a","b"]', '日本', "'"])('finds the record %s', async (key) => {
    const { url, calls } = await started();
    await clientOf(url).records.show('suppliers', 'crm', key);
    expect(calls.at(-1)?.input).toMatchObject({ key });
  });

  test.for(['.', '..', ''])('sends nothing for the key "%s", which no address can hold', async (key) => {
    const { url, calls } = await started();
    expect(() => clientOf(url).records.show('suppliers', 'crm', key)).toThrow(
      expect.objectContaining({ code: 'request.invalid' }),
    );
    expect(calls).toEqual([]);
  });

  test('walks a list to its end', async () => {
    const page = ({ after = '0' }: { readonly after?: string }) => {
      const first = Number(after);
      return Promise.resolve({ rows: [first, first + 1], next: first < 4 ? String(first + 2) : null });
    };
    expect(await collected(eachRow(page))).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('a failure', () => {
  test('of the server comes out as the error that it was', async () => {
    const failure = new ParleyError('conflict.changed', 'The record moved on.', { hint: 'Look again.' });
    const { url } = await started({ engine: { decide: () => Promise.reject(failure) } });
    const decided = clientOf(url).conflicts.decide(41, { vv: 'x', choice: { kind: 'copy' } });
    await expect(decided).rejects.toMatchObject({ code: failure.code, message: failure.message, hint: failure.hint });
  });

  test('of the token says what to do', async () => {
    const { url } = await started();
    await expect(clientOf(url, 'wrong').pairs.list()).rejects.toMatchObject({
      code: 'auth.unknown_token',
      hint: expect.stringContaining('PARLEY_TOKEN'),
    });
  });

  test('to answer at all says where and what to do, without what the address may hide', async () => {
    const { url } = await started();
    const port = new URL(url).port;
    await new Promise((closed) => running.pop()?.close(closed));
    await expect(clientOf(`http://127.0.0.1:${port}`).pairs.list()).rejects.toMatchObject({
      code: 'api.unreachable',
      message: `No Parley server answers at 127.0.0.1:${port} (ECONNREFUSED).`,
      hint: expect.stringContaining('parley dev'),
    });
    const hidden = clientOf(`http://ana:secret@127.0.0.1:${port}`).pairs.list();
    await expect(hidden).rejects.toThrow(/^(?!.*secret)/);
    await expect(clientOf('not a url').pairs.list()).rejects.toMatchObject({ code: 'request.invalid' });
  });

  test.for([
    ['a page', 200, '<html></html>'],
    ['another API', 200, '{"rows":[{"name":"x"}]}'],
    ['an error of another server', 502, 'Bad gateway'],
    ['a problem with a code of a later version', 409, problemText('pair.asleep')],
  ] as const)('to be Parley is told apart: %s', async ([, code, text]) => {
    const stranger = createServer((_request, response) => void response.writeHead(code).end(text));
    await new Promise<void>((listening) => void stranger.listen(0, '127.0.0.1', listening));
    const { port } = stranger.address() as AddressInfo;
    await expect(clientOf(`http://127.0.0.1:${port}`).pairs.list()).rejects.toMatchObject({
      code: 'api.not_understood',
    });
    stranger.close();
  });

  test('is not hidden by a redirect, which would carry the token elsewhere', async () => {
    const asked: string[] = [];
    const stranger = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((listening) => void stranger.listen(0, '127.0.0.1', listening));
    const { port } = stranger.address() as AddressInfo;
    await expect(clientOf(`http://127.0.0.1:${port}`).pairs.list()).rejects.toMatchObject({ code: 'api.unreachable' });
    expect(asked).toEqual(['/v1/pairs']);
    stranger.close();
  });
});

function problemText(code: string): string {
  return JSON.stringify({ type: `urn:parley:${code}`, title: 't', status: 409, code, detail: 'd', requestId: 'r' });
}

describe('readiness', () => {
  test('says what is missing, without a token and without secrets', async () => {
    const { url } = await started({
      store: { ping: () => Promise.reject(new ParleyError('store.unreachable', 'db.internal:5432 refused')) },
      runner: { ping: () => Promise.reject(new Error('temporal.internal:7233 refused')) },
      readModel: { workersAlive: () => Promise.resolve(0) },
    });
    const response = await fetch(`${url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.clone().text()).not.toContain('internal:');
    expect(await clientOf(url).server.ready()).toMatchObject({
      ready: false,
      checks: [
        { name: 'store', ok: false, code: 'store.unreachable' },
        { name: 'runner', ok: false, code: 'internal.bug' },
        { name: 'workers', ok: false, code: null },
      ],
    });
  });

  test('is asked of the database once, however many ask at the same time', async () => {
    let pings = 0;
    const ping = async () => {
      pings += 1;
    };
    const { url } = await started({ store: { ping }, rest: { nowMs: () => 0 } });
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/ready`)));
    expect(pings).toBe(1);
  });
});

describe('a stream', () => {
  const entryAt = (seq: number): StoredEntry => ({ ...ledgerEntry, entry: { ...ledgerEntry.entry, seq } });

  test('tells each entry once and in order, and the state when it changes', async () => {
    let asked = 0;
    const { url } = await started({
      readModel: {
        entriesSince: async (_pair, after) => {
          asked += 1;
          if (asked === 1) return [entryAt(after + 1), entryAt(after + 2)];
          return asked === 2 ? [entryAt(after), entryAt(after + 1)] : [];
        },
        pairStatus: async () => ({ ...status, setAside: asked < 3 ? 0 : 1, nowMs: status.nowMs + asked }),
      },
    });
    const stop = new AbortController();
    const seen: PairEvent[] = [];
    for await (const event of clientOf(url, tokens.viewer, stop.signal).pairs.events('suppliers', { after: 9 })) {
      seen.push(event);
      if (event.event === 'status' && event.status.setAside === 1) stop.abort();
    }
    const told = seen.map((event) => (event.event === 'entry' ? event.entry.seq : event.event));
    expect(told).toEqual([10, 11, 'status', 12, 'status']);
  });

  test('starts at the present when no position is given', async () => {
    const afters: number[] = [];
    const { url } = await started({
      readModel: {
        entriesSince: async (_pair, after) => {
          afters.push(after);
          return [];
        },
      },
    });
    const stop = new AbortController();
    await untilFirst(url, stop);
    expect(afters[0]).toBe(pairRow.ledgerSize - 1);
  });

  async function untilFirst(url: string, stop: AbortController): Promise<void> {
    for await (const { event } of clientOf(url, tokens.viewer, stop.signal).pairs.events('suppliers')) {
      expect(event).toBe('status');
      stop.abort();
    }
  }

  test('stops asking the database when its reader goes away', async () => {
    let asked = 0;
    const { url } = await started({
      readModel: {
        entriesSince: async () => {
          asked += 1;
          return [];
        },
      },
    });
    const stop = new AbortController();
    await untilFirst(url, stop);
    const askedInTwoPolls = async () => {
      const before = asked;
      await sleep(1100);
      return asked - before;
    };
    await expect.poll(askedInTwoPolls, { timeout: 15_000 }).toBe(0);
  });

  test('ends when the server stops', async () => {
    const stopping = new AbortController();
    const { url } = await started({ rest: { stopping: stopping.signal } });
    const events: string[] = [];
    for await (const { event } of clientOf(url).pairs.events('suppliers')) {
      events.push(event);
      stopping.abort();
    }
    expect(events).toContain('status');
  });

  test('of a comparison tells progress and then the result', async () => {
    const { url } = await started();
    const events = await collected(clientOf(url).pairs.verify('suppliers'));
    expect(events).toMatchObject([
      { event: 'progress', done: 1 },
      { event: 'result', result: { ok: true, compared: 2 } },
    ]);
  });

  test('that fails half-way ends with the problem', async () => {
    const failure = new ParleyError('connector.unreachable', 'crm does not answer.');
    const { url, logged } = await started({ engine: { verify: () => Promise.reject(failure) } });
    const events = await collected(clientOf(url).pairs.verify('suppliers'));
    expect(events).toMatchObject([{ event: 'problem', problem: { code: 'connector.unreachable', status: 502 } }]);
    expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('of a pair that does not exist is refused before it starts', async () => {
    const { url } = await started();
    const events = clientOf(url).pairs.events('customers')[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 'pair.not_found' });
  });
});
