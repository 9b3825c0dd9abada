import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openHttp } from '../../src/connectors/http/connector.js';
import { recordKey } from '../../src/core/ids.js';
import type { Connector, ConnectorSettings } from '../../src/engine/connector.js';
import { connectorConformance } from './conformance.js';
import { type ConformanceWorld, create, nameOf, pass, remove, row, update } from './conformance-steps.js';
import { type ApiEffect, type ApiFault, type ApiOptions, JsonApi } from './json-api.js';

const fields = ['name', 'amount', 'seen_at', 'note'];
const a = recordKey('a');

function settings(url: string, overrides: Partial<ConnectorSettings> = {}): ConnectorSettings {
  const options = { url, token: 'ours', version: '_version', creates: 'idempotent', timeout: '30s' };
  return { connection: 'shop', object: 'customers', key: ['id'], options, workFolder: '', ...overrides };
}

async function serve(
  key: readonly string[],
  options: Partial<ApiOptions> = {},
): Promise<{ api: JsonApi; url: string }> {
  const api = new JsonApi({
    key,
    fields: [...key, ...fields],
    tokens: { ours: 'parley' },
    numeric: ['amount'],
    ...options,
  });
  return { api, url: await api.listen() };
}

for (const [name, apiOptions, declared] of [
  ['a JSON API with versions', {}, { version: '_version', creates: 'idempotent' }],
  ['a JSON API without versions', { compares: false, remembersCreates: false }, {}],
] as const) {
  connectorConformance(name, {
    storesNull: true,
    refused: { amount: 'not a number' },
    largeBatch: 200,
    open: async (key): Promise<ConformanceWorld> => {
      const { api, url } = await serve(key, apiOptions);
      const options = { url, token: 'ours', ...declared };
      return {
        make: (overrides) => openHttp(settings(url, { key, options, ...overrides })),
        seed: async (rows) => {
          for (const one of rows) api.put(one);
        },
        edit: async (record, changed) => api.edit(record, changed),
        remove: async (record) => api.remove(record),
        rowOf: async (record) => api.rows.get(record)?.fields ?? null,
        close: () => api.close(),
      };
    },
  });
}

/** An API on which each fault of the list strikes one write, in order, and the records a and b. */
async function troubled(...faults: ApiFault[]): Promise<{ api: JsonApi; connector: Connector; effects: ApiEffect[] }> {
  const effects: ApiEffect[] = [];
  const { api, url } = await serve(['id'], {
    onEffect: (effect) => effects.push(effect),
    fault: (_by, method) => (method === 'GET' ? null : (faults.shift() ?? null)),
    lateMs: 1_500,
  });
  onTestFinished(() => api.close());
  for (const id of ['a', 'b']) api.put(row(id));
  const options = { url, token: 'ours', version: '_version', creates: 'idempotent', timeout: '1s' };
  return { api, connector: await openHttp(settings(url, { options })), effects };
}

test('what it promises is what its owner declared', async () => {
  const { api, url } = await serve(['id']);
  onTestFinished(() => api.close());
  const strong = await openHttp(settings(url));
  expect(await strong.describe()).toMatchObject({ writeClass: 'W3', createClass: 'C3', deletes: 'feed' });
  const weak = await openHttp(settings(url, { options: { url, token: 'ours' } }));
  expect(await weak.describe()).toMatchObject({ writeClass: 'W1', createClass: 'C2' });
});

test.for([
  ['an error before the effect', 'early', 0],
  ['an error after the effect', 'failed', 1],
  ['a connection that is cut before the effect', 'dropped_before', 0],
  ['a connection that is cut after the effect', 'dropped_after', 1],
] as const)('%s leaves the write in doubt, and it is not sent again', async ([, fault, effectsMade]) => {
  const { connector, effects } = await troubled(fault);
  expect(await connector.write([update(a, { name: 'x' }, nameOf('a'))])).toEqual([{ kind: 'unknown' }]);
  expect(effects.length).toBe(effectsMade);
});

test('a create whose answer was lost is sent again and happens once', async () => {
  const { connector, effects } = await troubled('failed');
  const writes = [create('c')];
  expect(await connector.write(writes)).toEqual([{ kind: 'unknown' }]);
  expect(await connector.write(writes)).toMatchObject([{ kind: 'accepted', record: { key: 'c' } }]);
  expect(effects.map(({ kind, key }) => [kind, key])).toEqual([['create', 'c']]);
});

test('a request that was given up and happens late does not happen over what came after', async () => {
  const { api, connector } = await troubled('late');
  const [found] = await connector.readByKeys([a]);
  const write = { ...update(a, { name: 'late' }, nameOf('a')), token: found?.token ?? null };
  expect(await connector.write([write])).toEqual([{ kind: 'unknown' }]);
  api.edit(a, { name: 'by somebody' });
  await new Promise((wake) => setTimeout(wake, 1_000));
  expect(api.rows.get(a)?.fields['name']).toBe('by somebody');
});

test('a write without a precondition tells for how long an edit there could have been overwritten unseen', async () => {
  const { api, url } = await serve(['id'], { fault: (_by, method) => (method === 'GET' ? null : 'slow'), slowMs: 200 });
  onTestFinished(() => api.close());
  api.put(row('a'));
  const strong = await openHttp(settings(url));
  const weak = await openHttp(settings(url, { options: { url, token: 'ours' } }));
  const [safe] = await strong.write([update(a, { name: 'x' }, nameOf('a'))]);
  expect(safe).not.toHaveProperty('exposedMs');
  const [exposed] = await weak.write([update(a, { name: 'y' }, { name: 'x' })]);
  expect(exposed).toMatchObject({ kind: 'accepted' });
  expect((exposed as { readonly exposedMs: number }).exposedMs).toBeGreaterThanOrEqual(200);
});

test('an API that asks for patience is asked again, and the write happens once', async () => {
  const { connector, effects } = await troubled('busy');
  expect(await connector.write([update(a, { name: 'x' }, nameOf('a'))])).toMatchObject([{ kind: 'accepted' }]);
  expect(effects.length).toBe(1);
});

test('a look whose answer was lost is made again by itself', async () => {
  const faults: (ApiFault | null)[] = ['dropped_after', 'early'];
  const { api, url } = await serve(['id'], { fault: () => faults.shift() ?? null });
  onTestFinished(() => api.close());
  api.put(row('a'));
  const connector = await openHttp(settings(url));
  expect(await connector.readByKeys([a])).toMatchObject([{ key: 'a' }]);
  expect(faults).toEqual([]);
});

test('a change of another field is no reason to give up: the expected values are looked at, and the write is made', async () => {
  const { api, connector } = await troubled();
  const [found] = await connector.readByKeys([a]);
  api.edit(a, { note: 'changed meanwhile' });
  const write = { ...update(a, { name: 'x' }, nameOf('a')), token: found?.token ?? null };
  expect(await connector.write([write])).toMatchObject([{ kind: 'accepted' }]);
  expect(api.rows.get(a)?.fields).toMatchObject({ name: 'x', note: 'changed meanwhile' });
});

test('nothing listens: the whole batch is put off, because nothing of it was sent', async () => {
  const { api, url } = await serve(['id']);
  await api.close();
  const connector = await openHttp(settings(url));
  const writes = [update(a, { name: 'x' }, nameOf('a')), remove(recordKey('b'), nameOf('b'))];
  await expect(connector.write(writes)).rejects.toMatchObject({ code: 'connector.unreachable', retryable: true });
  await expect(connector.read({ cursor: null, limit: 5 })).rejects.toMatchObject({ code: 'connector.unreachable' });
});

test('a token that is not known is a denial, and says nothing of the token', async () => {
  const { api, url } = await serve(['id']);
  onTestFinished(() => api.close());
  const connector = await openHttp(settings(url, { options: { url, token: 'guessed-secret' } }));
  const denied = await connector.read({ cursor: null, limit: 5 }).catch((error: unknown) => error);
  expect(denied).toMatchObject({ code: 'connector.denied' });
  expect(String(denied)).not.toContain('guessed-secret');
});

test('a cursor that the API has forgotten has expired', async () => {
  const { connector } = await troubled();
  await expect(connector.read({ cursor: '99', limit: 5 })).rejects.toMatchObject({ code: 'connector.cursor_expired' });
});

test('a path at which everything is missing does not make every record a deleted one', async () => {
  const { url, close } = await answering(() => ({ status: 404 }));
  onTestFinished(close);
  const connector = await openHttp(settings(url));
  await expect(connector.readByKeys([a])).rejects.toMatchObject({ code: 'connector.object_not_found' });
});

test('a redirect is not followed: the token would go with it', async () => {
  const seen: string[] = [];
  const { url: other, close: closeOther } = await answering((path) => {
    seen.push(path);
    return { status: 200, body: '{}' };
  });
  const { url, close } = await answering(() => ({ status: 307, headers: { location: other } }));
  onTestFinished(close);
  onTestFinished(closeOther);
  const connector = await openHttp(settings(url));
  await expect(connector.read({ cursor: null, limit: 5 })).rejects.toMatchObject({ code: 'connector.unsupported' });
  await expect(connector.write([create('c')])).rejects.toMatchObject({ code: 'connector.unsupported' });
  expect(seen).toEqual([]);
});

test('of a record that is not to be had it tells what became of it', async () => {
  const answers: { readonly [path: string]: Told } = {
    '/customers/gone': { status: 404 },
    '/customers/forever': { status: 410 },
    '/customers/secret': { status: 403 },
    '/customers/moved': { status: 301, headers: { location: 'kept%20one' } },
    '/customers/said': { status: 200, body: '{"id":"said","into":"kept one","_version":"2"}' },
    '/customers/away': { status: 301, headers: { location: 'https://elsewhere.example/customers/x' } },
  };
  const page = '{"records":[{"id":"said","into":"kept one","_version":"2"}],"deleted":[],"cursor":"1","more":false}';
  const { url, close } = await answering((path) => answers[path] ?? { status: 200, body: page });
  onTestFinished(close);
  const options = { url, token: 'ours', version: '_version', merged: 'into' };
  const connector = await openHttp(settings(url, { options }));
  const keys = ['gone', 'forever', 'secret', 'moved', 'said', 'away'].map(recordKey);
  expect(await connector.readByKeys(keys)).toEqual([]);
  const into = recordKey('kept one');
  expect(await connector.whereabouts?.(keys)).toEqual([
    { key: 'secret', kind: 'hidden' },
    { key: 'moved', kind: 'merged', into },
    { key: 'said', kind: 'merged', into },
    // Nobody can say: doubt is no deletion.
    { key: 'away', kind: 'hidden' },
  ]);
  const { records, absent } = await connector.read({ cursor: null, limit: 5 });
  expect([records, absent]).toEqual([[], [{ key: 'said', kind: 'merged', into }]]);
});

test('digits of numbers stay as they are, in both directions', async () => {
  const sent: string[] = [];
  const price = '12345678901234567890.1234567890';
  const record = `{"id":7,"name":"\\ue000x 1","price":${price},"tags":[1.0],"_version":"1"}`;
  const { url, close } = await answering((_path, body) => {
    sent.push(body);
    return { status: 200, body: body === '' ? `{"records":[${record}],"deleted":[],"cursor":3,"more":false}` : record };
  });
  onTestFinished(close);
  const connector = await openHttp(settings(url));
  const { records, last } = await pass(connector, null);
  expect(records).toEqual([{ key: '7', fields: { id: '7', name: '\ue000x 1', price, tags: ['1.0'] }, token: '1' }]);
  expect(last.cursor).toBe('3');
  await connector.write([{ ...update(recordKey('7'), { price: '0.10', name: '5' }, {}), token: '1' }]);
  expect(sent.at(-1)).toBe('{"price":0.10,"name":"5"}');
});

test.for([
  ['a host without encryption', 'http://shop.example/api'],
  ['a password in the address', 'https://me:secret@shop.example/api'],
  ['the place where clouds hand out credentials', 'https://169.254.169.254/latest'],
  ['another scheme', 'file:///etc/passwd'],
] as const)('refused before anything is contacted: %s', async ([, url]) => {
  await expect(openHttp(settings(url, { options: { url } }))).rejects.toMatchObject({ code: 'config.invalid' });
});

test.for(['../admin', 'a//b', 'a?b', 'a%2e'])(
  'an object that would leave the address is refused: %s',
  async (object) => {
    await expect(openHttp(settings('https://shop.example', { object }))).rejects.toMatchObject({
      code: 'config.invalid',
    });
  },
);

test('a key that no address can carry is refused by itself', async () => {
  const { connector, effects } = await troubled();
  const outcomes = await connector.write([create('..'), update(a, { name: 'x' }, nameOf('a'))]);
  expect(outcomes).toMatchObject([{ kind: 'refused' }, { kind: 'accepted' }]);
  expect(effects.length).toBe(1);
});

type Told = { readonly status: number; readonly body?: string; readonly headers?: { readonly [name: string]: string } };

async function answering(answer: (path: string, body: string) => Told) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, body, headers } = answer(request.url ?? '', Buffer.concat(chunks).toString('utf8'));
      response.writeHead(status, { ...headers });
      response.end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { url, close };
}
