import fc from 'fast-check';
import type { SideName } from '../../src/core/ids.js';
import { deliver, edit, finishRead, look, read, type Answer, type Taken, type World } from './world.js';

/** One thing that happens; `look` begins a reading that `take` commits later, as a second reader would. */
export type Step =
  | { readonly kind: 'edit'; readonly side: SideName; readonly value: string | null }
  | { readonly kind: 'read' | 'look' | 'take' | 'delete'; readonly side: SideName }
  | { readonly kind: 'deliver'; readonly side: SideName; readonly answer: Answer };

/** Edits, passes, readings that are committed late, and deliveries with lost answers, in any order. */
export function randomSteps(
  sides: readonly SideName[],
  maxLength: number,
  { deletes = false }: { deletes?: boolean } = {},
): fc.Arbitrary<readonly Step[]> {
  const side = fc.constantFrom(...sides);
  const value = fc.constantFrom('x', 'y', 'z', null);
  const answer = fc.constantFrom<Answer>('answered', 'answered', 'lost before', 'lost after', 'refused');
  const calm: fc.Arbitrary<Step>[] = [
    fc.record({ kind: fc.constant('edit'), side, value }),
    fc.record({ kind: fc.constant('read'), side }),
    fc.record({ kind: fc.constant('deliver'), side, answer }),
    fc.record({ kind: fc.constantFrom('look', 'take'), side }),
  ];
  const gone: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('delete'), side });
  return fc.array(fc.oneof(...calm, ...(deletes ? [gone] : [])), { maxLength });
}

/** The worlds after each step, in order. */
export function* run(start: World, steps: readonly Step[]): Generator<World> {
  let world = start;
  const taken = new Map<SideName, Taken>();
  for (const step of steps) {
    world = after(world, step, taken);
    yield world;
  }
}

/** The world after the last step. */
export function runAll(start: World, steps: readonly Step[]): World {
  let last = start;
  for (const world of run(start, steps)) last = world;
  return last;
}

function after(world: World, step: Step, taken: Map<SideName, Taken>): World {
  switch (step.kind) {
    case 'edit':
      return edit(world, step.side, { id: 'k', u: step.value });
    case 'delete':
      return edit(world, step.side, null);
    case 'read':
      return read(world, step.side);
    case 'look':
      taken.set(step.side, look(world, step.side));
      return world;
    case 'take': {
      const seen = taken.get(step.side);
      taken.delete(step.side);
      return seen === undefined ? world : finishRead(world, step.side, seen);
    }
    case 'deliver':
      return deliver(world, step.side, step.answer);
  }
}
