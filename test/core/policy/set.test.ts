import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy, UnitRules } from '../../../src/core/rules.js';
import { mergeSets } from '../../../src/core/policy/set.js';
import { registerOf } from '../../../src/core/register.js';
import type { Sibling } from '../../../src/core/state.js';
import { a, ask, b, c, either, rulesOf, siblingOf, u, unitOf } from '../sample.js';
import { play } from '../steps.js';
import { agreedWorld, heal, valueAt, type World } from '../world.js';

const set = (removes: 'add_wins' | 'remove_wins'): Policy => ({ kind: 'set', removes, otherwise: ask });
const addWins = { same: 'list_exact', removes: 'add_wins' } as const;

function start(removes: 'add_wins' | 'remove_wins', sides = [a, b]): World {
  const forms = Object.fromEntries(sides.map((side) => [side, { kind: 'separated' as const, separator: ';' }]));
  const unit: UnitRules = {
    ...unitOf('u', either(set(removes)), { sides, as: 'list', same: 'list_exact' }),
    forms,
  };
  const records = Object.fromEntries(sides.map((side) => [side, { id: 'k', u: 'p;q' }]));
  return agreedWorld({ rules: rulesOf({ sides, units: [unit] }), records });
}

/** The agreed elements after some steps, and that every side then gets just these. */
function agreedAfter(world: World): string {
  const agreed = registerOf(world.state, u).value as readonly string[];
  const healed = heal(world);
  for (const { name } of world.rules.sides)
    expect(((valueAt(healed, name) ?? '') as string).split(';').sort().join(';')).toBe([...agreed].sort().join(';'));
  return [...agreed].sort().join(';');
}

describe('what was observed decides what a removal takes', () => {
  test.for<[string, string, string, string]>([
    ['both add', 'a=p;q;r b=p;q;s a? b?', 'p;q;r;s', 'p;q;r;s'],
    ['both remove', 'a=p b=q a? b?', '', ''],
    ['one adds, the other removes another', 'a=p;q;r b=p a? b?', 'p;r', 'p;r'],
    ['a removes and adds again, b removes', 'a=p a? a=p;q;x a? b=p b?', 'p;x', 'p;x'],
    ['both add the same, one takes it back', 'a=p;q;r a? b=p;q;r b? b=p;q b?', 'p;q;r', 'p;q;r'],
    ['a goes through two lists before b is read', 'a=p;q;r a? a=p;q;r;s a? b=p b?', 'p;r;s', 'p;r;s'],
    ['b removes what a added and b had received', 'a=p;q;r a? b! a=p;q;r;s a? b=p;q b?', 'p;q;s', 'p;q;s'],
    ['a adds again what b had removed and a received', 'b=p b? a! b=p;x b? a=p;q a?', 'p;q;x', 'p;q;x'],
  ])('%s: %s', ([, steps, adds, removes]) => {
    expect(agreedAfter(play(start('add_wins'), steps))).toBe(adds);
    expect(agreedAfter(play(start('remove_wins'), steps))).toBe(removes);
  });

  test('an element that two sides added, and one of three removed having seen one of them', () => {
    const steps = 'a=p;q;r a? c! b=p;q;r b? c=p;q c?';
    expect(agreedAfter(play(start('add_wins', [a, b, c]), steps))).toBe('p;q;r');
    // What c had seen of it is not what b added: doubt keeps the element, also where removals win.
    expect(agreedAfter(play(start('remove_wins', [a, b, c]), steps))).toBe('p;q;r');
  });
});

test('a value that is no list has no merge', () => {
  expect(mergeSets([siblingOf(a, 1, ['p']), siblingOf(b, 1, 'p')], [], addWins)).toBeNull();
});

test('the merge is a function of the set: who is asked first and who is asked twice does not matter', () => {
  const list = fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's'), { maxLength: 4 });
  fc.assert(
    fc.property(list, list, list, list, fc.constantFrom('add_wins', 'remove_wins'), (base, x, y, z, removes) => {
      const siblings = [siblingOf(a, 1, x, { base }), siblingOf(b, 1, y, { base }), siblingOf(c, 1, z, { base })];
      const merged = (order: readonly number[]): readonly string[] => {
        const given = order.map((at) => siblings[at] as Sibling);
        return [...((mergeSets(given, [], { same: 'list_exact', removes }) ?? []) as readonly string[])].sort();
      };
      const one = merged([0, 1, 2]);
      for (const order of [
        [2, 1, 0],
        [1, 2, 0],
        [0, 1, 2, 0, 2],
      ])
        expect(merged(order)).toEqual(one);
      for (const key of one) expect([...x, ...y, ...z]).toContain(key);
      for (const key of base) if ([x, y, z].every((held) => held.includes(key))) expect(one).toContain(key);
      for (const key of [...x, ...y, ...z]) if (!base.includes(key)) expect(one).toContain(key);
      for (const key of base) if ([x, y, z].some((held) => !held.includes(key))) expect(one).not.toContain(key);
    }),
    { numRuns: 300 },
  );
});
