import { describe, expect, test } from 'vitest';
import { bodyMaxBytes } from '../../src/api/app.js';
import { statusOf } from '../../src/api/problem.js';
import { type ErrorCode, errorCodes, ParleyError } from '../../src/core/errors.js';
import { sampleHub } from './sample-hub.js';

describe('a problem', () => {
  test.for(Object.keys(errorCodes) as ErrorCode[])('%s keeps its code, text and hint', async (code) => {
    const failure = new ParleyError(code, 'What happened.', { hint: 'What to do.' });
    const { ask } = sampleHub({ engine: { approvePlan: () => Promise.reject(failure) } });
    const response = await ask('POST', '/v1/plans/7/approve');
    expect(response.status).toBe(statusOf[code]);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: `urn:parley:${code}`,
      title: expect.stringMatching(/^[A-Z][a-z]+: [a-z ]+$/),
      status: statusOf[code],
      code,
      detail: 'What happened.',
      hint: 'What to do.',
      requestId: response.headers.get('x-request-id'),
    });
  });

  test('of an unexpected error tells and logs nothing of its text', async () => {
    const failure = new TypeError('Key (iban)=(DE02 1203) already exists');
    const { ask, logged } = sampleHub({ engine: { approvePlan: () => Promise.reject(failure) } });
    const response = await ask('POST', '/v1/plans/7/approve');
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'internal.bug' });
    expect(text + JSON.stringify(logged)).not.toContain('iban');
    const line = logged.find(({ level }) => level === 'error');
    expect(line?.fields).toMatchObject({ error: 'TypeError', at: expect.stringContaining('problem.test.ts') });
  });

  test('of the server is logged under the id that the caller sees', async () => {
    const failure = new ParleyError('store.unreachable', 'Postgres does not answer.');
    const { ask, logged } = sampleHub({ readModel: { pairStatuses: () => Promise.reject(failure) } });
    const { requestId } = (await (await ask('GET', '/v1/pairs')).json()) as { requestId: string };
    expect(logged.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { requestId, route: '/v1/pairs', code: 'store.unreachable' },
    ]);
  });
});

describe('a request that is not understood', () => {
  const choice = { kind: 'keep', side: 'crm' };
  test.for([
    ['no vector', { choice }, '/vv'],
    ['an unknown choice', { vv: '', choice: { kind: 'coin' } }, '/choice/kind'],
    ['a choice without its side', { vv: '', choice: { kind: 'keep' } }, '/choice/side'],
    ['a field that does not exist', { vv: '', choice, force: true }, ''],
    ['a note that is too long', { vv: '', choice, note: 'x'.repeat(2001) }, '/note'],
  ] as const)('names the place: %s', async ([, json, pointer]) => {
    const { ask, calls } = sampleHub();
    const response = await ask('POST', '/v1/conflicts/41/decide', { json });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'request.invalid',
      detail: expect.stringContaining('nothing was done'),
      problems: [{ in: 'body', pointer }],
    });
    expect(calls).toEqual([]);
  });

  test.for([
    ['/v1/plans?limit=0', 'query', '/limit'],
    ['/v1/plans?limit=1001', 'query', '/limit'],
    ['/v1/plans?limit=many', 'query', '/limit'],
    ['/v1/plans/seven', 'path', '/id'],
    ['/v1/plans/1.5', 'path', '/id'],
    ['/v1/conflicts?kind=quarrel', 'query', '/kind'],
    ['/v1/pairs/suppliers/events?after=-2', 'query', '/after'],
  ] as const)('names the place in the address: %s', async ([path, part, pointer]) => {
    const response = await sampleHub().ask('GET', path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ problems: [{ in: part, pointer }] });
  });

  test.for([
    ['JSON that is cut off', '{"vv":', 'application/json'],
    ['a form', 'vv=crm', 'application/x-www-form-urlencoded'],
    ['text', '{}', 'text/plain'],
  ] as const)('is a problem like all others: %s', async ([, body, type]) => {
    const { app, calls } = sampleHub();
    const response = await app.request('http://localhost/v1/conflicts/41/decide', {
      method: 'POST',
      body,
      headers: { authorization: 'Bearer token-w', 'content-type': type },
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'request.invalid' });
    expect(calls).toEqual([]);
  });

  test('never has its values said back', async () => {
    const json = { vv: 5, choice: { kind: 'secret-choice' }, note: ['secret-note'] };
    const { ask, logged } = sampleHub();
    const text = await (await ask('POST', '/v1/conflicts/41/decide', { json })).text();
    expect(text + JSON.stringify(logged)).not.toContain('secret');
  });
});

describe('what is not there', () => {
  test.for([
    ['/v1/nothing', 'request.not_found'],
    ['/nothing', 'request.not_found'],
    ['/v1/pairs/customers/ledger', 'pair.not_found'],
    ['/v1/pairs/Customers', 'config.bad_name'],
    ['/v1/plans/8', 'plan.not_found'],
    ['/v1/runs?pair=customers', 'pair.not_found'],
    ['/v1/pairs/suppliers/records/billing/17', 'request.not_found'],
  ] as const)('%s is %s', async ([path, code]) => {
    const response = await sampleHub({ readModel: { pairStatus: () => Promise.reject(new Error('asked')) } }).ask(
      'GET',
      path,
    );
    expect(await response.json()).toMatchObject({ code });
    expect(response.status).toBe(statusOf[code]);
  });

  test('a record or question that nobody knows is named', async () => {
    const { ask } = sampleHub({
      readModel: { entityByKey: () => Promise.resolve(null), conflict: () => Promise.resolve(null) },
    });
    const record = await ask('GET', '/v1/pairs/suppliers/records/crm/99/ledger');
    expect(await record.json()).toMatchObject({ code: 'record.not_found', detail: expect.stringContaining('crm:99') });
    const conflict = await ask('POST', '/v1/conflicts/5/decide', { json: { vv: '', choice: { kind: 'copy' } } });
    expect(await conflict.json()).toMatchObject({ code: 'conflict.not_found', detail: expect.stringContaining('5') });
  });
});

describe('a body that is too large', () => {
  const large = JSON.stringify({ note: 'x'.repeat(bodyMaxBytes) });
  const headers = { authorization: 'Bearer token-w', 'content-type': 'application/json' };

  test('is refused by its announced length', async () => {
    const { app } = sampleHub();
    const announced = { ...headers, 'content-length': String(large.length) };
    const response = await app.request('/v1/plans', { method: 'POST', body: large, headers: announced });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'request.too_large' });
  });

  test('is refused when its length was not announced', async () => {
    const { app, calls } = sampleHub();
    const body = new Blob([large]).stream();
    const response = await app.request('/v1/plans', { method: 'POST', body, headers, duplex: 'half' });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'request.too_large' });
    expect(calls).toEqual([]);
  });
});
