import { expect, test } from 'vitest';
import { pairId } from '../../src/core/ids.js';
import { Chance } from '../faults/chance.js';
import { settleAll } from './settle.js';
import type { Stack } from './stack.js';

/** A pair that is at rest, and questions about deletes; `decide` says what becomes of an answer. */
function stackAsking(open: Set<number>, decide: (id: number) => void): Stack {
  const cycle = { problem: null, edited: 0, created: 0, deleted: 0, asked: 0, written: 0, refused: 0 };
  const shown = { halt: null, agreement: { differ: { onItsWay: 0, undecided: 0 } } };
  const rows = () => [...open].map((id) => ({ id, kind: 'delete', vv: '', sides: {} }));
  const client = {
    pairs: { run: () => Promise.resolve(cycle), show: () => Promise.resolve(shown) },
    conflicts: {
      list: () => Promise.resolve({ rows: rows() }),
      decide: async (id: number) => {
        decide(id);
        open.delete(id);
      },
    },
  };
  return { client } as unknown as Stack;
}

const pair = pairId('p');

test('people answer what is left until nothing is asked', async () => {
  const open = new Set([1, 2]);
  await settleAll(
    stackAsking(open, () => undefined),
    pair,
    new Chance(1),
  );
  expect(open.size).toBe(0);
});

test('an answer that is refused once is given again', async () => {
  let refusals = 1;
  const open = new Set([1]);
  const decide = (): void => {
    if ((refusals -= 1) >= 0) throw new Error('store.unreachable');
  };
  await settleAll(stackAsking(open, decide), pair, new Chance(1));
  expect(open.size).toBe(0);
});

test('questions that nobody can answer are told', async () => {
  const decide = (id: number): void => {
    if (id === 2) throw new Error('conflict.changed');
  };
  await expect(settleAll(stackAsking(new Set([1, 2]), decide), pair, new Chance(1))).rejects.toThrow(
    /1 questions cannot be answered: CF-2 \(delete\).*conflict\.changed/,
  );
});
