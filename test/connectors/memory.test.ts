import { expect, test } from 'vitest';
import { connectMemory } from '../../src/connectors/memory/connector.js';
import { MemorySystem } from '../../src/connectors/memory/system.js';
import { recordKey } from '../../src/core/ids.js';
import { connectorConformance } from './conformance.js';
import { type ConformanceWorld, create, nameOf, row, update } from './conformance-steps.js';

const fields = ['name', 'amount', 'seen_at', 'note'];

function worldOf(there: MemorySystem): ConformanceWorld {
  return {
    make: async () => connectMemory(there),
    seed: async (rows) => there.put(...rows),
    edit: async (key, changed) => there.edit(key, changed),
    remove: async (key) => there.remove(key),
    rowOf: async (key) => there.get(key)?.fields ?? null,
    close: async () => undefined,
  };
}

for (const [name, options] of [
  ['memory', {}],
  ['memory that forgets writes and tells no deletes', { deletes: 'listing', remembersWrites: false }],
] as const) {
  connectorConformance(name, {
    storesNull: true,
    refused: null,
    open: async (key) => worldOf(new MemorySystem({ key, fields: [...key, ...fields], ...options })),
  });
}

const a = recordKey('a');

function system(): MemorySystem {
  const made = new MemorySystem({ key: ['id'], fields: ['id', ...fields] });
  made.put(row('a'), row('b'));
  return made;
}

test('a failure before the effect leaves everything as it was, and strikes once', async () => {
  const there = system();
  const connector = connectMemory(there);
  const writes = [update(a, { name: 'x' }, nameOf('a'))];
  there.inject({ kind: 'before_effect' });
  await expect(connector.write(writes)).rejects.toMatchObject({ code: 'connector.unreachable', retryable: true });
  expect(there.get(a)?.fields['name']).toBe('name of a');
  expect(await connector.write(writes)).toMatchObject([{ kind: 'accepted' }]);
});

test('a lost response is unknown to us and done over there, once', async () => {
  const there = system();
  const connector = connectMemory(there);
  const writes = [update(a, { name: 'x' }, nameOf('a')), create('c')];
  there.inject({ kind: 'lost_response', keys: [a] });
  expect(await connector.write(writes)).toMatchObject([{ kind: 'unknown' }, { kind: 'accepted' }]);
  expect(there.get(a)?.fields['name']).toBe('x');
  expect(await connector.write(writes)).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }]);
  expect(there.writesDone).toBe(2);
});

test('a write that comes again is answered with what it left, and not with what was made of it since', async () => {
  const there = system();
  const connector = connectMemory(there);
  const writes = [update(a, { name: 'x' }, nameOf('a'))];
  await connector.write(writes);
  there.edit(a, { name: 'by somebody else' });
  expect(await connector.write(writes)).toMatchObject([{ kind: 'accepted', record: { fields: { name: 'x' } } }]);
  expect(there.get(a)?.fields['name']).toBe('by somebody else');
});

test('a late write happens when it is let through, and not over a later edit', async () => {
  const there = system();
  const connector = connectMemory(there);
  there.inject({ kind: 'late' }, { kind: 'late' });
  expect(await connector.write([update(a, { name: 'x' }, nameOf('a'))])).toEqual([{ kind: 'unknown' }]);
  expect(await connector.write([update(recordKey('b'), { name: 'y' }, nameOf('b'))])).toEqual([{ kind: 'unknown' }]);
  expect(there.get(a)?.fields['name']).toBe('name of a');
  there.edit(recordKey('b'), { name: 'by somebody else' });
  expect(there.runLate().map((outcome) => outcome.kind)).toEqual(['accepted', 'stale']);
  expect([a, recordKey('b')].map((key) => there.get(key)?.fields['name'])).toEqual(['x', 'by somebody else']);
});

test('a truncated field answers with what it kept', async () => {
  const there = system();
  there.truncated.set('name', 3);
  const [outcome] = await connectMemory(there).write([update(a, { name: 'abcdef' }, nameOf('a'))]);
  expect(outcome).toMatchObject({ kind: 'accepted', record: { fields: { name: 'abc' } } });
});

test('a refused record holds back nothing but itself', async () => {
  const there = system();
  there.refused.add(a);
  const writes = ['a', 'b'].map((id) => update(recordKey(id), { name: 'x' }, nameOf(id)));
  expect(await connectMemory(there).write(writes)).toMatchObject([{ kind: 'refused' }, { kind: 'accepted' }]);
  expect(there.get(a)?.fields['name']).toBe('name of a');
});

test('a failed read strikes once, and the cursor can be used again', async () => {
  const there = system();
  const connector = connectMemory(there);
  there.inject({ kind: 'read' });
  await expect(connector.read({ cursor: null, limit: 10 })).rejects.toMatchObject({ code: 'connector.unreachable' });
  expect((await connector.read({ cursor: null, limit: 10 })).records.length).toBe(2);
});

test('a cursor from a later life of the system has expired', async () => {
  const there = system();
  const cursor = JSON.stringify({ since: 99, upTo: null });
  await expect(connectMemory(there).read({ cursor, limit: 10 })).rejects.toMatchObject({
    code: 'connector.cursor_expired',
  });
});
