import { expect, test } from 'vitest';
import { connectMemory } from '../../src/connectors/memory/connector.js';
import { MemorySystem } from '../../src/connectors/memory/system.js';
import { recordKey } from '../../src/core/ids.js';
import type { Connector, NativeWrite } from '../../src/engine/connector.js';
import { lookForAbsent } from '../../src/engine/disappearances.js';
import { withScope } from '../../src/engine/scope.js';

const [a, b] = [recordKey('a'), recordKey('b')];

function world(): { readonly system: MemorySystem; readonly scoped: Connector } {
  const system = new MemorySystem({ key: ['id'], fields: ['id', 'name', 'status'] });
  system.put({ id: 'a', name: 'A', status: 'active' }, { id: 'b', name: 'B', status: null });
  return { system, scoped: withScope(connectMemory(system), [{ field: 'status', is: true, text: 'active' }]) };
}

test('a record that is not meant is told as out of scope, and not as a record', async () => {
  const page = await world().scoped.read({ cursor: null, limit: 10 });
  expect([page.records.map(({ key }) => key), page.absent]).toEqual([[a], [{ key: b, kind: 'out_of_scope' }]]);
});

test('looked at by key it is out of scope, and one that is gone is deleted', async () => {
  const { system, scoped } = world();
  expect(await scoped.readByKeys([a, b])).toHaveLength(1);
  system.remove(a);
  const { kinds } = await lookForAbsent(scoped, [a, b]);
  expect([...kinds]).toEqual([
    [a, 'deleted'],
    [b, 'out_of_scope'],
  ]);
});

test('one that is there after all is not deleted', async () => {
  const { kinds } = await lookForAbsent(world().scoped, [a]);
  expect(kinds.get(a)).toBe('hidden');
});

test('a create that meets a record which is not meant is refused, and the record stays', async () => {
  const { system, scoped } = world();
  const fields = { id: 'b', name: 'new', status: 'active' };
  const write: NativeWrite = { kind: 'create', key: b, fields, expect: {}, token: null, idempotencyKey: 'x' };
  expect(await scoped.write([write])).toMatchObject([{ kind: 'refused', code: 'out_of_scope' }]);
  expect(system.get(b)?.fields['name']).toBe('B');
});

test('without conditions the connector is the same one', () => {
  const connector = connectMemory(new MemorySystem({ key: ['id'], fields: ['id'] }));
  expect(withScope(connector, [])).toBe(connector);
});

test('what was merged into a record that is deleted by now was not deleted by people who knew of it', async () => {
  const chain: Pick<Connector, 'whereabouts' | 'readByKeys'> = {
    readByKeys: async () => [],
    whereabouts: async (keys) => keys.flatMap((key) => (key === a ? [{ key, kind: 'merged' as const, into: b }] : [])),
  };
  const { kinds } = await lookForAbsent(chain, [a, b]);
  expect([...kinds]).toEqual([
    [b, 'deleted'],
    [a, 'merged_and_deleted'],
  ]);
});

test('a chain of merges is followed to the record that stands there now', async () => {
  const c = recordKey('c');
  const record = { key: c, fields: {}, token: null };
  const chain: Pick<Connector, 'whereabouts' | 'readByKeys'> = {
    readByKeys: async (keys) => (keys.includes(c) ? [record] : []),
    whereabouts: async (keys) => keys.map((key) => ({ key, kind: 'merged', into: key === a ? b : c })),
  };
  expect(await lookForAbsent(chain, [a])).toEqual({
    kinds: new Map(),
    merges: [{ key: a, into: c }],
    survivors: [record],
  });
});

test('a chain that goes round says nothing, and nothing is deleted', async () => {
  const round: Pick<Connector, 'whereabouts' | 'readByKeys'> = {
    readByKeys: async () => [],
    whereabouts: async (keys) => keys.map((key) => ({ key, kind: 'merged', into: key === a ? b : a })),
  };
  expect((await lookForAbsent(round, [a])).kinds.get(a)).toBe('hidden');
});
