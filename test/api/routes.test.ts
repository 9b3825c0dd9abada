import { describe, expect, test } from 'vitest';
import { createApiClient } from '../../src/contract/api/client.js';
import type { Role } from '../../src/engine/store.js';
import { awkwardKey, sampleHub, tokens } from './sample-hub.js';

type Operation = { readonly security?: readonly object[]; readonly 'x-parley-role'?: Role; readonly responses: object };
type Document = { readonly paths: Record<string, Record<string, Operation>> };

/** One request for each route of the API, with what it answers when it is asked well. */
const requests: readonly (readonly [route: string, role: Role, path: string, json?: unknown])[] = [
  ['GET /v1/pairs', 'viewer', '/v1/pairs'],
  ['GET /v1/pairs/{pair}', 'viewer', '/v1/pairs/suppliers'],
  ['POST /v1/pairs/{pair}/run', 'operator', '/v1/pairs/suppliers/run'],
  ['POST /v1/pairs/{pair}/hold', 'operator', '/v1/pairs/suppliers/hold'],
  ['POST /v1/pairs/{pair}/pause', 'owner', '/v1/pairs/suppliers/pause'],
  ['POST /v1/pairs/{pair}/drain', 'owner', '/v1/pairs/suppliers/drain'],
  ['POST /v1/pairs/{pair}/resume', 'owner', '/v1/pairs/suppliers/resume'],
  ['GET /v1/pairs/{pair}/revision', 'viewer', '/v1/pairs/suppliers/revision'],
  ['GET /v1/pairs/{pair}/set-aside', 'viewer', '/v1/pairs/suppliers/set-aside'],
  ['GET /v1/pairs/{pair}/events', 'viewer', '/v1/pairs/suppliers/events'],
  ['POST /v1/pairs/{pair}/verify', 'operator', '/v1/pairs/suppliers/verify'],
  ['GET /v1/pairs/{pair}/ledger', 'viewer', '/v1/pairs/suppliers/ledger'],
  ['POST /v1/pairs/{pair}/ledger/verify', 'operator', '/v1/pairs/suppliers/ledger/verify'],
  ['GET /v1/pairs/{pair}/records', 'viewer', '/v1/pairs/suppliers/records'],
  ['GET /v1/pairs/{pair}/ledger/export', 'operator', '/v1/pairs/suppliers/ledger/export?values=false'],
  ['GET /v1/pairs/{pair}/records/{side}/{key}', 'viewer', '/v1/pairs/suppliers/records/crm/17'],
  ['GET /v1/pairs/{pair}/records/{side}/{key}/as-of', 'viewer', '/v1/pairs/suppliers/records/crm/17/as-of?seq=1'],
  [
    'POST /v1/pairs/{pair}/records/{side}/{key}/erase',
    'owner',
    '/v1/pairs/suppliers/records/crm/17/erase',
    { confirm: 'crm:17', reason: 'asked for', systems: 'leave' },
  ],
  [
    'POST /v1/pairs/{pair}/records/{side}/{key}/link',
    'operator',
    '/v1/pairs/suppliers/records/crm/17/link',
    { to: { side: 'erp', key: '9' }, dryRun: true },
  ],
  [
    'POST /v1/pairs/{pair}/records/{side}/{key}/unlink',
    'operator',
    '/v1/pairs/suppliers/records/crm/17/unlink',
    { dryRun: true },
  ],
  ['GET /v1/pairs/{pair}/records/{side}/{key}/ledger', 'viewer', '/v1/pairs/suppliers/records/crm/17/ledger'],
  ['GET /v1/pairs/{pair}/records/{side}/{key}/deliveries', 'viewer', '/v1/pairs/suppliers/records/crm/17/deliveries'],
  ['GET /v1/plans', 'viewer', '/v1/plans'],
  ['POST /v1/plans', 'operator', '/v1/plans', { pair: 'suppliers' }],
  ['POST /v1/undo', 'operator', '/v1/undo', { pair: 'suppliers', conflict: 41 }],
  ['GET /v1/plans/{id}', 'viewer', '/v1/plans/7'],
  ['GET /v1/plans/{id}/items', 'viewer', '/v1/plans/7/items'],
  ['POST /v1/plans/{id}/approve', 'owner', '/v1/plans/7/approve'],
  ['GET /v1/runs', 'viewer', '/v1/runs'],
  ['GET /v1/conflicts', 'viewer', '/v1/conflicts'],
  ['GET /v1/conflicts/groups', 'viewer', '/v1/conflicts/groups'],
  ['GET /v1/conflicts/{id}', 'viewer', '/v1/conflicts/41'],
  [
    'POST /v1/conflicts/{id}/decide',
    'operator',
    '/v1/conflicts/41/decide',
    { vv: 'crm#1:3', choice: { kind: 'keep', side: 'crm' } },
  ],
  [
    'POST /v1/conflicts/decide-alike',
    'operator',
    '/v1/conflicts/decide-alike',
    { like: 41, choice: { kind: 'keep', side: 'crm' }, dryRun: true },
  ],
];

const open = ['GET /health', 'GET /ready'];
const lower: Readonly<Record<Role, Role | null>> = { viewer: null, operator: 'viewer', owner: 'operator' };

async function documented(): Promise<ReadonlyMap<string, Operation>> {
  const document = (await (await sampleHub().ask('GET', '/openapi.json', { role: null })).json()) as Document;
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
  return new Map(entries);
}

/** The routes that the router answers, in the spelling of the document; middleware answers every method. */
function routed(): readonly string[] {
  const routes = sampleHub().app.routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1'));
  return [...new Set(routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`))];
}

/** Streams do not end by themselves. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

describe('every route', () => {
  test('is in the document, in the router and in this table', async () => {
    const tabled = requests.map(([route]) => route);
    expect([...(await documented()).keys()].sort()).toEqual([...tabled, ...open].sort());
    expect([...routed()].sort()).toEqual([...tabled].sort());
  });

  test('names its security, its role and the shape of its problems in the document', async () => {
    const operations = await documented();
    for (const [route, role] of requests) {
      const problem = { content: { 'application/problem+json': expect.anything() } };
      const responses = { 401: problem, 403: problem, default: problem };
      const expected = { security: [{ bearer: [] }], 'x-parley-role': role, responses };
      expect({ route, ...operations.get(route) }).toMatchObject({ route, ...expected });
    }
    for (const route of open) expect({ route, ...operations.get(route) }).toMatchObject({ route, security: [] });
  });

  test.for(requests)('%s refuses a request without a token', async ([route, , path, json]) => {
    const { ask, calls } = sampleHub();
    const response = await ask(methodOf(route), path, { role: null, json });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="parley"');
    expect(await response.json()).toMatchObject({ code: 'auth.missing', status: 401 });
    expect(calls).toEqual([]);
  });

  test.for(requests)('%s answers the role %s', async ([route, role, path, json]) => {
    expect(await statusOf(sampleHub().ask(methodOf(route), path, { role, json }))).toBe(200);
  });

  test.for(requests.filter(([, role]) => role !== 'viewer'))(
    '%s refuses a role below %s, before it looks at the request',
    async ([route, role, path]) => {
      const { ask, calls } = sampleHub();
      const response = await ask(methodOf(route), path, { role: lower[role] });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'auth.refused' });
      expect(calls).toEqual([]);
    },
  );

  test('that changes something is closed to viewers', () => {
    const writes = requests.filter(([route]) => !route.startsWith('GET '));
    expect(writes.length).toBeGreaterThanOrEqual(11);
    expect(writes.filter(([, role]) => role === 'viewer')).toEqual([]);
  });
});

function methodOf(route: string): string {
  return route.split(' ')[0] ?? '';
}

describe('what is asked of the engine', () => {
  test('a decision carries the vector, the choice and the name of the token', async () => {
    const { ask, calls } = sampleHub();
    const json = { vv: 'crm#1:3', choice: { kind: 'value', value: { a: [1, null] } }, note: 'by phone' };
    const response = await ask('POST', '/v1/conflicts/41/decide', { role: 'operator', json });
    expect(await response.json()).toMatchObject({
      deliveries: 1,
      conflict: { id: 41, sides: { crm: { raw: 'Acme Ltd' } } },
    });
    expect(calls.find(({ what }) => what === 'decide')?.input).toEqual({ conflict: 41, by: 'the operator', ...json });
  });

  test('deciding alike passes the dry run on', async () => {
    const { ask, calls } = sampleHub();
    const json = { like: 41, choice: { kind: 'leave' }, dryRun: true };
    expect(await (await ask('POST', '/v1/conflicts/decide-alike', { json })).json()).toMatchObject({
      alike: 3,
      leftOut: 1,
    });
    expect(calls.at(-1)?.input).toEqual({ ...json, by: 'the owner', note: null });
  });

  test.for(['hold', 'pause', 'drain', 'resume'])('%s asks the runner in the name of the token', async (change) => {
    const { ask, calls } = sampleHub();
    expect((await ask('POST', `/v1/pairs/suppliers/${change}`)).status).toBe(200);
    expect(calls.find(({ what }) => what === 'setMode')?.input).toEqual(['suppliers', change, 'the owner']);
  });

  test('a plan is requested and approved in the name of the token', async () => {
    const { ask, calls } = sampleHub();
    await ask('POST', '/v1/plans', { json: { pair: 'suppliers' } });
    await ask('POST', '/v1/plans/7/approve');
    expect(calls).toEqual([
      { what: 'requestPlan', input: { pair: 'suppliers', by: 'the owner' } },
      { what: 'approvePlan', input: { plan: 7, by: 'the owner' } },
    ]);
  });

  test('lists pass position, size and filters on', async () => {
    const { ask, calls } = sampleHub();
    const conflicts = await ask('GET', '/v1/conflicts?pair=suppliers&kind=clash&unit=name&after=x&limit=2');
    expect(await conflicts.json()).toMatchObject({ rows: [{ id: 41 }], next: 'more' });
    await ask('GET', '/v1/conflicts/groups?state=all');
    await ask('GET', '/v1/plans/7/items?kind=update&blankOnly=true');
    await ask('GET', '/v1/pairs/suppliers/records?standing=asked&key=1');
    expect(calls.map(({ input }) => input)).toEqual([
      [
        { pair: 'suppliers', state: 'open', kind: 'clash', unit: 'name', shape: null },
        { after: 'x', limit: 2 },
      ],
      [
        { pair: null, state: null, kind: null, unit: null, shape: null },
        { after: null, limit: 50 },
      ],
      [7, { kind: 'update', unit: null, blankOnly: true }, { after: null, limit: 50 }],
      ['suppliers', { standing: 'asked', keyPrefix: '1' }, { after: null, limit: 50 }],
    ]);
  });

  test('a key may hold anything', async () => {
    const { ask, calls } = sampleHub();
    const path = `/v1/pairs/suppliers/records/crm/${encodeURIComponent(awkwardKey)}`;
    expect((await ask('GET', path)).status).toBe(200);
    expect((await ask('GET', `${path}/ledger`)).status).toBe(200);
    expect(calls.map(({ input }) => input)).toEqual([
      { pair: 'suppliers', side: 'crm', key: awkwardKey },
      ['suppliers', 'crm', awkwardKey],
      ['suppliers', 1, { after: null, limit: 50 }],
    ]);
  });

  test('one question comes with the record that it is about', async () => {
    const answer = await (await sampleHub().ask('GET', '/v1/conflicts/41')).json();
    expect(answer).toMatchObject({
      conflict: { id: 41, agreed: 'Acme' },
      record: { units: [{ unit: 'name', from: { seq: 1, lo: '2026-05-03T09:11:59.000Z' } }] },
    });
  });
});

test('the client has a method for every route', () => {
  const client = createApiClient({ url: 'http://localhost', token: tokens.owner });
  const methods = Object.values(client).flatMap((noun) => Object.keys(noun));
  // `change` stands for hold, pause, drain and resume.
  expect(methods).toHaveLength(requests.length + open.length - 3);
});
