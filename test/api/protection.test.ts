import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failuresMax, failuresWindowMs, may, tokenHash } from '../../src/api/auth.js';
import { createFailureLimit } from '../../src/api/failure-limit.js';
import { consolePage } from '../../src/console/page.js';
import { nowMs, sampleHub, tokens } from './sample-hub.js';

describe('a token', () => {
  test.for([
    ['an unknown one', 'Bearer token-x', 'auth.unknown_token'],
    ['one of another scheme', 'Basic dG9rZW4=', 'auth.missing'],
    ['none after the scheme', 'Bearer ', 'auth.missing'],
    ['two', 'Bearer token-w token-w', 'auth.missing'],
    ['a hash instead of the token', `Bearer ${tokenHash(tokens.owner)}`, 'auth.unknown_token'],
  ] as const)('is refused: %s', async ([, authorization, code]) => {
    const { ask, calls } = sampleHub();
    const response = await ask('GET', '/v1/pairs', { role: null, headers: { authorization } });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code });
    expect(calls).toEqual([]);
  });

  test('is looked up by its SHA-256 and never logged', async () => {
    const asked: string[] = [];
    const tokenByHash = (hash: string) => {
      asked.push(hash);
      return Promise.resolve(null);
    };
    const { ask, logged } = sampleHub({ store: { tokenByHash } });
    await ask('GET', '/v1/pairs', { role: 'owner' });
    expect(asked).toEqual([createHash('sha256').update(tokens.owner).digest('hex')]);
    expect(JSON.stringify(logged)).not.toContain(tokens.owner);
  });

  test('cannot come in the address', async () => {
    const response = await sampleHub().ask('GET', `/v1/pairs?token=${tokens.owner}&access_token=${tokens.owner}`, {
      role: null,
    });
    expect(response.status).toBe(401);
  });
});

test('each role may do what the one before it may, and no more', () => {
  const roles = ['viewer', 'operator', 'owner'] as const;
  const allowed = roles.map((role) => roles.filter((needed) => may(role, needed)));
  expect(allowed).toEqual([['viewer'], ['viewer', 'operator'], ['viewer', 'operator', 'owner']]);
});

describe('unknown tokens', () => {
  test('are refused unread after too many, while tokens that were good before still pass', async () => {
    let clockMs = 0;
    let lookUps = 0;
    const tokenByHash = async (hash: string) => {
      lookUps += 1;
      return hash === tokenHash(tokens.viewer) ? { name: 'ana', role: 'viewer' as const } : null;
    };
    const { ask } = sampleHub({ store: { tokenByHash }, rest: { nowMs: () => clockMs } });
    const guess = () => ask('GET', '/v1/pairs', { role: null, headers: { authorization: 'Bearer guess' } });

    expect((await ask('GET', '/v1/pairs', { role: 'viewer' })).status).toBe(200);
    for (let count = 0; count < failuresMax; count += 1) expect((await guess()).status).toBe(401);
    const lookUpsBefore = lookUps;
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe(String(failuresWindowMs / 1000));
    expect(await refused.json()).toMatchObject({ code: 'auth.too_many_failures' });
    expect(lookUps).toBe(lookUpsBefore);
    expect((await ask('GET', '/v1/pairs', { role: 'viewer' })).status).toBe(200);

    clockMs = failuresWindowMs + 1;
    expect((await guess()).status).toBe(401);
  });

  test('cost no memory beyond a bound, whatever addresses they come from', () => {
    const limit = createFailureLimit({ max: 1, windowMs: 1000, nowMs: () => nowMs });
    limit.failed('first');
    expect(limit.exceeded('first', 'x')).toBe(true);
    for (let count = 0; count < 10_000; count += 1) limit.failed(`address ${count}`);
    expect(limit.exceeded('first', 'x')).toBe(false);
    expect(limit.exceeded('address 9999', 'x')).toBe(true);
  });
});

describe('the Host header', () => {
  test.for(['localhost', 'localhost:7400', '127.0.0.1:7400', '[::1]:7400', 'LOCALHOST'])('%s is ours', async (host) => {
    expect((await sampleHub().ask('GET', '/health', { headers: { host } })).status).toBe(200);
  });

  test.for([
    'evil.example',
    'localhost.evil.example:7400',
    '127.0.0.1.evil.example',
    'evil.example:80@localhost/x',
    '',
  ])('%s is refused on loopback, tokens or not', async (host) => {
    const response = await sampleHub().ask('GET', '/v1/pairs', { headers: { host } });
    expect(response.status).toBe(421);
    expect(await response.json()).toMatchObject({ code: 'request.wrong_host' });
  });

  test('may be any name when the server serves other names', async () => {
    const { ask } = sampleHub({ rest: { hosts: 'any' } });
    expect((await ask('GET', '/health', { headers: { host: 'parley.example' } })).status).toBe(200);
  });
});

describe('headers of every answer', () => {
  test.for(['/', '/health', '/openapi.json', '/v1/pairs', '/nothing', '/v1/plans/seven'])('%s', async (path) => {
    const { headers } = await sampleHub().ask('GET', path);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a page of another origin is not let in', async () => {
    const { ask } = sampleHub();
    const preflight = await ask('OPTIONS', '/v1/pairs', {
      role: null,
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.ok).toBe(false);
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('the page runs only its own inline parts and loads nothing from elsewhere', async () => {
  const response = await sampleHub().ask('GET', '/', { role: null });
  const html = await response.text();
  const policy = response.headers.get('content-security-policy') ?? '';
  const inline = [...html.matchAll(/<(style|script)>([^]*?)<\/\1>/g)].map((match) => match[2] ?? '');
  expect(inline).toEqual([consolePage.style, consolePage.script]);
  for (const part of inline) expect(policy).toContain(createHash('sha256').update(part).digest('base64'));
  expect(html).not.toMatch(/https?:\/\/|<link|src=|style=|onclick/);
});

test('the log has one line a request, with the pattern of the route instead of the address', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 8, maxLength: 20 }), async (secret) => {
      const key = encodeURIComponent(`key${secret}`);
      const { ask, logged } = sampleHub();
      await ask('GET', `/v1/pairs/suppliers/records/crm/${key}?x=${key}`);
      expect(logged.map(({ fields }) => fields)).toEqual([
        {
          requestId: expect.any(String),
          method: 'GET',
          route: '/v1/pairs/:pair/records/:side/:key',
          status: 200,
          ms: expect.any(Number),
          actor: 'the owner',
        },
      ]);
    }),
    { numRuns: 20 },
  );
});
