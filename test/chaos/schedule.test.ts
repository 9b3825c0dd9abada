import { describe, expect, test } from 'vitest';
import { points } from './points.js';
import { faultKinds, faultsOf, killsOf, type Target } from './schedule.js';

const shareOf = (count: number, ...targets: readonly Target[]): number =>
  killsOf(count, 7).filter(({ target }) => targets.includes(target)).length / count;

describe('what is killed', () => {
  test.for([20, 60, 200, 2_000])('of %d kills every part has its tenth, and workers have most', (count) => {
    expect(killsOf(count, 7)).toHaveLength(count);
    expect(shareOf(count, 'temporal')).toBeGreaterThanOrEqual(0.1);
    expect(shareOf(count, 'hub', 'sideServer')).toBeGreaterThanOrEqual(0.1);
    expect(shareOf(count, 'httpSide')).toBeGreaterThanOrEqual(0.1);
    expect(shareOf(count, 'api')).toBeGreaterThan(shareOf(count, 'temporal'));
    expect(shareOf(count, 'worker')).toBeGreaterThan(0.4);
  });

  test('a worker dies at every point of a delivery, and at any moment too', () => {
    const places = killsOf(60, 7)
      .filter(({ target }) => target === 'worker')
      .map(({ point }) => point);
    expect(new Set(places)).toEqual(new Set([null, ...points]));
  });

  test('it is the same for a seed and another for another', () => {
    expect(killsOf(50, 7)).toEqual(killsOf(50, 7));
    expect(killsOf(50, 7)).not.toEqual(killsOf(50, 8));
  });
});

test('no kind of fault comes again before all had their turn', () => {
  expect(faultsOf(6, 3).toSorted()).toEqual([...faultKinds].toSorted());
  expect(faultsOf(9, 3)).toHaveLength(9);
});
