import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brakeFor } from '../../src/core/brake.js';
import { limitDefaults } from '../../src/core/rules.js';

// SPEC I16: a run out of proportion stops before its first write.

const load = { linked: 0, creates: 0, deletes: 0, changes: 0, deleteLimit: null, limits: limitDefaults };

test.for([
  [{ linked: 5, deletes: 10 }, null],
  [{ linked: 5, deletes: 11 }, 'deletes'],
  [{ linked: 1000, deletes: 10 }, null],
  [{ linked: 1000, deletes: 11 }, 'deletes'],
  [{ linked: 5000, deletes: 50 }, null],
  [{ linked: 5000, deletes: 51 }, 'deletes'],
  [{ linked: 5000, deletes: 3, deleteLimit: 3 }, null],
  [{ linked: 5000, deletes: 4, deleteLimit: 3 }, 'deletes'],
  [{ linked: 5000, deletes: 1, deleteLimit: 0 }, 'deletes'],
  [{ linked: 0, creates: 10 }, null],
  [{ linked: 0, creates: 11 }, 'creates'],
  [{ linked: 5000, creates: 50 }, null],
  [{ linked: 5000, creates: 51 }, 'creates'],
  [{ linked: 5000, creates: 51, deleteLimit: 90 }, 'creates'],
  [{ linked: 10, changes: 10 }, null],
  [{ linked: 11, changes: 11 }, 'changes'],
  [{ linked: 100, changes: 30 }, null],
  [{ linked: 100, changes: 31 }, 'changes'],
  [{ linked: 46_521, changes: 13_956 }, null],
  [{ linked: 46_521, changes: 13_957 }, 'changes'],
  [{ linked: 1000, changes: 1000, limits: { ...limitDefaults, changeShare: 1 } }, null],
  [{ linked: 1000, creates: 11, limits: { ...limitDefaults, createShare: 0.05 } }, null],
  [{ linked: 1000, deletes: 6, limits: { ...limitDefaults, few: 5, deleteShare: 0 } }, 'deletes'],
  [{ linked: 1000, creates: 11, limits: { ...limitDefaults, deleteShare: 1 } }, 'creates'],
] as const)('%o → %s', ([given, stopped]) => {
  const brake = brakeFor({ ...load, ...given });
  expect(brake === null ? null : Object.keys(brake.counts)[0]).toBe(stopped);
});

test('the reason says how many, the limit, and that nothing was written', () => {
  expect(brakeFor({ ...load, linked: 2000, deletes: 21 })?.reason).toMatch(
    /21 deletes; the limit is 20 for 2000 linked records\. Nothing of it was written/,
  );
});

test('more of anything never releases the brake', () => {
  const count = fc.nat(200);
  fc.assert(
    fc.property(count, count, count, count, fc.constantFrom('deletes', 'creates', 'changes'), (...random) => {
      const [linked, deletes, creates, changes, what] = random;
      const less = { ...load, linked, deletes, creates, changes };
      if (brakeFor(less) !== null) expect(brakeFor({ ...less, [what]: less[what as 'deletes'] + 1 })).not.toBeNull();
    }),
  );
});
