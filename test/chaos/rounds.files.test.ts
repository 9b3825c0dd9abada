import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Interrupted } from './interruption.js';
import { outcome } from './outcome.js';
import { type RoundsWish, runRounds } from './rounds.js';
import type { ChaosWish, Outcome } from './run.js';

let folder: string;
let report: string;
/** Rounds that were begun, by seed and kills. */
let begun: (readonly [number, number])[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-rounds-'));
  report = join(folder, 'report.json');
  begun = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const wish = (given: Partial<RoundsWish> = {}): RoundsWish => ({
  kills: 50,
  seed: 7,
  round: 20,
  pairs: 1,
  workers: 1,
  records: 1,
  report,
  keep: false,
  say: () => undefined,
  onInterrupt: () => undefined,
  ...given,
});

/** A run of which nothing but its figures is real; `diesAt` is the seed whose run does not end, so many times. */
const run =
  (diesAt?: number, times = Number.POSITIVE_INFINITY) =>
  async ({ seed, kills, onKill }: ChaosWish): Promise<Outcome> => {
    begun.push([seed, kills]);
    onKill(3, 'API at random');
    if (seed === diesAt && begun.filter(([one]) => one === seed).length <= times)
      throw new Error('the machine went down');
    return outcome({ seed, kills });
  };

test('rounds have seeds of their own, and the last one the rest of the kills', async () => {
  const rounds = await runRounds(wish(), run());
  expect(begun).toEqual([
    [7, 20],
    [8, 20],
    [9, 10],
  ]);
  expect(rounds.map(({ kills }) => kills)).toEqual([20, 20, 10]);
});

test('a run that was interrupted goes on with the round that has no verdict', async () => {
  await expect(runRounds(wish(), run(8))).rejects.toThrow('went down');
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
    finished: [{ seed: 7, kills: 20 }],
    underWay: { kills: 3, last: 'API at random' },
  });
  begun = [];
  const rounds = await runRounds(wish(), run());
  expect(begun).toEqual([
    [8, 20],
    [9, 10],
  ]);
  expect(rounds).toHaveLength(3);
});

test('a round that ended without a verdict begins again once, and is not a clean one', async () => {
  const rounds = await runRounds(wish(), run(8, 1));
  expect(begun.map(([seed]) => seed)).toEqual([7, 8, 8, 9]);
  expect(rounds.map(({ violations }) => violations.length)).toEqual([0, 1, 0]);
});

test('the report of another run is not gone on with', async () => {
  await runRounds(wish(), run());
  await expect(runRounds(wish({ seed: 8 }), run())).rejects.toThrow('another run');
});

test('an interrupted run tells what is finished and how much has no verdict', async () => {
  const told: unknown[] = [];
  const onInterrupt = (finished: readonly Outcome[], kills: number): void => void told.push([finished.length, kills]);
  const interrupted = async (one: ChaosWish): Promise<Outcome> => {
    const seen = await run()(one);
    if (one.seed === 8) throw new Interrupted();
    return seen;
  };
  await expect(runRounds(wish({ onInterrupt }), interrupted)).rejects.toThrow('interrupted');
  expect(told).toEqual([[1, 3]]);
});
