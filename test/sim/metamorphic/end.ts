import { registerIn } from '../oracle/oracle.js';
import { stateIn } from '../oracle/state-in.js';
import { canonical, rawOf } from '../truth.js';
import type { UnitOptions } from '../options.js';
import type { World } from '../world.js';

/** What a world comes to, without names that only say in which order things happened. Each line is one record or question. */
export type End = readonly string[];

/** How a side and a unit of one world are called in the other. */
export type Names = { readonly [name: string]: string };

/**
 * Where every record stands: keys, presence, agreed values, siblings with the sides that they came from, what each side
 * holds, and what is asked. Not in it: numbers of entities, dots of the hub, and times. `hasCounters` adds how often each side
 * was seen to edit, which is the same where the same readings are taken.
 */
export function endOf(world: World, names: Names, hasCounters: boolean): End {
  const { tables } = world.database;
  const lines = [...tables.entities.keys()].map((id) => {
    const state = stateIn(tables, id);
    if (state.presence.kind === 'alias') return '';
    const sides = Object.entries(state.sides).map(([side, shadow]) => [nameIn(names, side), shadow] as const);
    const keys = sides.map(([side, { key, presence }]) => `${side}/${key} ${presence}`).toSorted();
    if (state.presence.kind === 'tombstone') return `${keys.join(', ')}: ended`;
    const units = world.options.units.map((unit) => {
      const { status, value, siblings, override, vv } = registerIn(state, unit);
      const edits = siblings.map((one) => `${nameIn(names, one.side ?? 'hub')} ${canonical(unit, one.value)}`);
      const counters = Object.entries(vv)
        .filter(([actor]) => !actor.startsWith('hub#'))
        .map(([actor, counter]) => `${nameIn(names, actor.split('#')[0] as string)}:${counter}`);
      const left = override.map((side) => nameIn(names, side));
      const held = heldIn(world, unit, id, names);
      const dots = hasCounters ? ` <${counters.toSorted().join()}>` : '';
      // Of what is asked the value is the one agreed last: which one that was is a matter of order.
      const agreed = status === 'asked' ? '' : canonical(unit, value);
      return `${nameIn(names, unit.name)} ${status} "${agreed}" of [${edits.toSorted().join('; ')}]${dots}, left ${left.toSorted().join()}, held ${held}`;
    });
    return `${keys.join(', ')} ${state.presence.kind} ${state.hold?.kind ?? ''}: ${units.toSorted().join(' | ')}`;
  });
  const questions = tables.conflicts
    .filter(({ state }) => state === 'open')
    .map(({ kind, unit, entity }) => {
      const keys = Object.entries(stateIn(tables, entity).sides).map(
        ([side, { key }]) => `${nameIn(names, side)}/${key}`,
      );
      return `asked: ${kind} ${unit === null ? '' : nameIn(names, unit)} of ${keys.toSorted().join()}`;
    });
  return [...lines, ...questions].filter((line) => line !== '').toSorted();
}

const nameIn = (names: Names, name: string): string => names[name] ?? name;

function heldIn(world: World, unit: UnitOptions, id: number, names: Names): string {
  const state = stateIn(world.database.tables, id as never);
  return Object.entries(state.sides)
    .map(([side, { key }]) => {
      const row = world.system(side).row(key);
      return `${nameIn(names, side)}=${row === null ? 'gone' : canonical(unit, rawOf(unit, row.fields))}`;
    })
    .toSorted()
    .join();
}
