import { expect, test } from 'vitest';
import { observe, type Observed } from '../../src/core/observe.js';
import { limitDefaults, type PairRules } from '../../src/core/rules.js';
import { a, b, e, hubOf, k, rulesOf, u } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, type World } from './world.js';

// A copy of a system without versions that lags must not undo our write (semantics §1.9).

const rules: PairRules = rulesOf({});
const record = { id: 'k', u: 'x' };
const start = agreedWorld({ rules, records: { [a]: record, [b]: record }, hasTokens: false });
/** `y` was typed at a and is written at b. */
const written = play(start, 'a=y a? b!');
const { replicaMs } = limitDefaults;

type Reading = { readonly value: string; readonly afterMs: number; readonly token?: string; readonly mayLag?: boolean };

function shown(world: World, { value, afterMs, token, mayLag = true }: Reading): Observed {
  const nowMs = world.nowMs + afterMs;
  const snapshot = { key: k, token: token ?? null, fields: { id: 'k', u: value } };
  const hub = hubOf(world.rules, { tick: world.tick + 1, nowMs });
  const times = { readTick: world.tick, readAtMs: nowMs, beganAtMs: nowMs };
  return observe(e, world.state, hub, b, { snapshot, ...times, complete: null, mayLag });
}

test.for<[string, Reading, Observed['kind'], string]>([
  ['what was there before our write, soon after it', { value: 'x', afterMs: 1_000 }, 'stale', 'y'],
  ['the same at the last moment', { value: 'x', afterMs: replicaMs - 2_000 }, 'stale', 'y'],
  ['the same when no copy lags that far', { value: 'x', afterMs: replicaMs + 1_000 }, 'changed', 'x'],
  ['another value, soon after it', { value: 'z', afterMs: 1_000 }, 'changed', 'z'],
  ['what we wrote', { value: 'y', afterMs: 1_000 }, 'unchanged', 'y'],
  ['the old value under a version of its own', { value: 'x', afterMs: 1_000, token: '7' }, 'changed', 'x'],
  ['the old value in answer to a write', { value: 'x', afterMs: 1_000, mayLag: false }, 'changed', 'x'],
])('%s', ([, reading, kind, agreed]) => {
  const seen = shown(written, reading);
  expect([seen.kind, seen.state.units[u]?.value]).toEqual([kind, agreed]);
});

test('a person who typed the old value again is heard when it is read again', () => {
  const first = shown(written, { value: 'x', afterMs: 1_000 });
  expect([first.state, first.facts]).toEqual([written.state, []]);
  const again = shown({ ...written, state: first.state }, { value: 'x', afterMs: replicaMs + 1_000 });
  expect(again.facts.map(({ kind }) => kind)).toEqual(['edited']);
});
