import { expect, test } from 'vitest';
import { awaitChange } from '../../activities/await-change.js';
import type { AwaitChangeInput } from '../../activities/contract.js';
import { pairId, sideName } from '../../src/core/ids.js';
import { scriptedEngine, type World } from '../workflows/scripted-engine.js';

const pair = pairId('suppliers');
const erp = sideName('erp');
const never = new AbortController().signal;

function look(changes: Partial<World>, input: Partial<AwaitChangeInput> = {}) {
  const engine = scriptedEngine(changes);
  const seen = awaitChange(engine, { pair, everyMs: 5, forMs: 60, list: false, tried: [], ...input }, never);
  return { engine, world: engine.world, seen };
}

test('returns at the end of its time when nothing happens', async () => {
  const { engine, seen } = look({});
  expect(await seen).toMatchObject({ changed: false, unread: [], listed: false });
  expect(engine.looks()).toBeGreaterThan(3);
});

test('returns at once when a page changed something, and says which side has more', async () => {
  const { world, seen } = look({ pages: { crm: [{ changed: 2 }, { changed: 1 }], erp: [] } }, { forMs: 60_000 });
  expect(await seen).toMatchObject({ changed: true, unread: ['crm'], step: { run: world.run } });
});

test('a pair that looks rarely looks once, without a pause', async () => {
  const { engine, seen } = look({}, { everyMs: 0, forMs: 0, list: true });
  expect(await seen).toMatchObject({ changed: false, listed: true });
  expect(engine.count('listMissing')).toBe(1);
});

test('compares the keys once, with the first look', async () => {
  const { engine, seen } = look({}, { list: true });
  expect(await seen).toMatchObject({ listed: true });
  expect(engine.count('listMissing')).toBe(1);
});

test('goes to work at once on what was planned meanwhile', async () => {
  const { engine, seen } = look({ deliveries: [{ id: 8, side: erp }] }, { everyMs: 3_600_000, forMs: 3_600_000 });
  expect(await seen).toMatchObject({ changed: false, step: { deliveries: [{ id: 8, side: 'erp' }] } });
  expect(engine.count('takePage')).toBe(0);
});

test('does not start over because of what was just tried', async () => {
  const { engine, seen } = look({ deliveries: [{ id: 8, side: erp }] }, { tried: [8] });
  await seen;
  expect(engine.looks()).toBeGreaterThan(3);
});

test.for<{ what: string; change: (world: World) => void }>([
  { what: 'a delivery', change: (world) => world.deliveries.push({ id: 9, side: erp }) },
  { what: 'a plan', change: (world) => Object.assign(world, { plan: { id: 1, state: 'reading' } }) },
  { what: 'another mode', change: (world) => Object.assign(world, { mode: 'held' }) },
  { what: 'writes that waited', change: (world) => Object.assign(world, { waiting: true }) },
  { what: 'a halt', change: (world) => Object.assign(world, { halted: true }) },
])('notices $what in Postgres that nobody poked about', async ({ change }) => {
  // Were it not noticed, the look would end by itself long after the test was given up.
  const { world, seen } = look({}, { forMs: 60_000 });
  setTimeout(() => change(world), 20);
  expect(await seen).toMatchObject({ changed: false });
});

test('does not read for a pair that drains', async () => {
  const { engine, seen } = look({ mode: 'draining', pages: { crm: [{ changed: 1 }], erp: [] } });
  expect(await seen).toMatchObject({ changed: false });
  expect(engine.count('takePage')).toBe(0);
});

test('returns null soon after its signal is raised, in the middle of a pause', async () => {
  const stop = new AbortController();
  const seen = awaitChange(
    scriptedEngine(),
    { pair, everyMs: 3_600_000, forMs: 3_600_000, list: false, tried: [] },
    stop.signal,
  );
  setTimeout(() => stop.abort(), 20);
  expect(await seen).toBeNull();
});
