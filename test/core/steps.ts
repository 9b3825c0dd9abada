import type { SideName } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import { scalarText } from '../../src/core/mapping/mapping.js';
import { registerOf } from '../../src/core/register.js';
import type { Sibling } from '../../src/core/state.js';
import { u } from './sample.js';
import { deliver, edit, read, settleOnce, type World } from './world.js';

/**
 * Plays a line of steps: `a=y` somebody at a writes y (`~` a blank, `-` deletes the record), `a?` a pass reads a,
 * `a!` the planned write of a is made and answered, `a!<` its answer is lost after it landed, `a!>` it is lost on the
 * way, `a!x` a refuses it, `.` decides again without news.
 */
export function play(world: World, line: string): World {
  return line
    .split(' ')
    .filter((word) => word !== '')
    .reduce(step, world);
}

function step(world: World, word: string): World {
  if (word === '.') return settleOnce(world);
  const side = word.slice(0, 1) as SideName;
  const rest = word.slice(2);
  switch (word.slice(1, 2)) {
    case '=':
      if (rest === '-') return edit(world, side, null);
      return edit(world, side, { id: 'k', u: rest === '~' ? null : rest });
    case '?':
      return read(world, side);
    case '!': {
      const answer = { '': 'answered', '<': 'lost after', '>': 'lost before', x: 'refused' } as const;
      return deliver(world, side, answer[rest as keyof typeof answer]);
    }
    default:
      throw new Error(`no step "${word}"`);
  }
}

/**
 * What stands after some steps, as the tables write it: `y > b` the agreed value is y and a write to b is planned;
 * `y|z asked` a person is asked about y and z; `y proposed z` whether z may replace y. A blank is `~`.
 */
export function outcome(world: World): string {
  const register = registerOf(world.state, u);
  const order = world.rules.sides.map(({ name }) => name);
  const proposed = Object.values(world.questions['u/proposal']?.sides ?? {}).map(({ value }) => text(value));
  const isAsked = world.questions['u/clash'] !== undefined;
  const shown = isAsked
    ? `${[...register.siblings]
        .sort((x, y) => rank(x, order) - rank(y, order))
        .map(({ value }) => text(value))
        .join('|')} asked`
    : [text(register.value), ...proposed].join(' proposed ');
  const to = order.filter((side) => world.state.sides[side]?.intent != null);
  return to.length === 0 ? shown : `${shown} > ${to.join(' ')}`;
}

function rank({ side }: Sibling, order: readonly SideName[]): number {
  return side === null ? -1 : order.indexOf(side);
}

function text(value: Json): string {
  return value === null ? '~' : scalarText(value);
}

/** Whether a value that did not win can still be found: in a question or decision, or as a stray edit. */
export function isKept(world: World, value: Json): boolean {
  return world.facts.some((fact) => {
    const siblings = (fact.detail['siblings'] ?? []) as readonly { readonly value: Json }[];
    const units = Object.values((fact.detail['units'] ?? {}) as { readonly [unit: string]: { readonly to: Json } });
    return (
      siblings.some((lost) => lost.value === value) || (fact.kind === 'stray' && units.some(({ to }) => to === value))
    );
  });
}
