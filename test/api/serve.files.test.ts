import { describe, expect, test } from 'vitest';
import { isLoopback, listen } from '../../src/api/serve.js';
import { createApiClient } from '../../src/contract/api/client.js';
import { sampleHub, tokens } from './sample-hub.js';

const loopback = { host: '127.0.0.1', port: 0 };

describe('a server', () => {
  test('that is closed lets a request under way end and takes no other', async () => {
    let release = () => {};
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered = () => {};
    const begun = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const fetchSlowly = async () => {
      entered();
      await waiting;
      return new Response('done');
    };
    const serving = await listen({ ...loopback, fetch: fetchSlowly });
    const url = `http://127.0.0.1:${serving.port}`;
    const underWay = fetch(url);
    await begun;
    const closing = serving.close();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    release();
    expect(await (await underWay).text()).toBe('done');
    await closing;
  });

  test('cuts what does not end in time', async () => {
    const serving = await listen({ ...loopback, fetch: () => new Promise<Response>(() => {}), graceMs: 50 });
    const underWay = fetch(`http://127.0.0.1:${serving.port}`).then(
      () => 'answered',
      () => 'cut',
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await serving.close();
    expect(await underWay).toBe('cut');
  });

  test('ends its streams when it stops, long before their grace is over', async () => {
    const stopping = new AbortController();
    const { app } = sampleHub({ rest: { stopping: stopping.signal } });
    // Longer than a test may take: only a stream that ends by itself lets this one pass.
    const serving = await listen({ ...loopback, fetch: app.fetch, graceMs: 3_600_000 });
    const client = createApiClient({ url: `http://127.0.0.1:${serving.port}`, token: tokens.viewer });
    for await (const { event } of client.pairs.events('suppliers')) {
      if (event !== 'status') continue;
      stopping.abort();
      await Promise.race([serving.close(), new Promise((resolve) => setTimeout(resolve, 500))]);
    }
    await serving.close();
    await expect(fetch(`http://127.0.0.1:${serving.port}`)).rejects.toThrow();
  });

  test('says so when its port is taken or its address is none of this machine', async () => {
    const { app } = sampleHub();
    const first = await listen({ ...loopback, fetch: app.fetch });
    await expect(listen({ ...loopback, port: first.port, fetch: app.fetch })).rejects.toMatchObject({
      code: 'dev.port_taken',
      message: expect.stringContaining(String(first.port)),
    });
    await expect(listen({ host: '203.0.113.7', port: 0, fetch: app.fetch })).rejects.toMatchObject({
      code: 'config.invalid',
    });
    await first.close();
  });
});

test.for([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.evil.example', false],
  ['', false],
] as const)('%s is reached from this machine only: %s', ([host, expected]) => {
  expect(isLoopback(host)).toBe(expected);
});
