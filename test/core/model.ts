import type { SideName } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import { scalarText } from '../../src/core/mapping/mapping.js';
import type { PlannedWrite } from '../../src/core/planned-write.js';
import { registerOf } from '../../src/core/register.js';
import { u } from './sample.js';
import { isKept } from './steps.js';
import {
  attempt,
  deliver,
  edit,
  heal,
  look,
  read,
  finishRead,
  valueAt,
  type Answer,
  type Taken,
  type World,
} from './world.js';

/**
 * A world with what really happened in it. Every edit writes a value that no other edit writes, so that a value names
 * its edit; `history` says, by value, which values its author had in front of them, directly or through our writes.
 */
export type Model = {
  readonly world: World;
  readonly edits: number;
  readonly history: ReadonlyMap<string, ReadonlySet<string>>;
  /** Writes whose sender gave up on them and that may still be carried out. */
  readonly late: readonly PlannedWrite[];
  readonly taken: { readonly [side: SideName]: Taken };
  readonly path: readonly string[];
};

export type Event = { readonly kind: 'edit' | 'read' | 'look' | 'take' | 'late' | Answer; readonly side: SideName };

export function modelOf(world: World): Model {
  const history = new Map<string, ReadonlySet<string>>();
  for (const { name } of world.rules.sides) {
    const value = textAt(world, name);
    history.set(value, new Set([value]));
  }
  return { world, edits: 0, history, late: [], taken: {}, path: [] };
}

/** What follows when an event happens; null when it cannot happen here, or changes nothing. */
export function happen(model: Model, { kind, side }: Event): Model | null {
  const { world } = model;
  const path = [...model.path, `${kind} ${side}`];
  switch (kind) {
    case 'edit': {
      const value = `${side}${model.edits + 1}`;
      const before = model.history.get(textAt(world, side)) ?? new Set();
      const history = new Map(model.history).set(value, new Set([...before, value]));
      return { ...model, world: edit(world, side, { u: value }), edits: model.edits + 1, history, path };
    }
    case 'read':
      return { ...model, world: read(world, side), path };
    case 'look':
      return { ...model, taken: { ...model.taken, [side]: look(world, side) }, path };
    case 'take': {
      const taken = model.taken[side];
      if (taken === undefined) return null;
      const { [side]: _used, ...left } = model.taken;
      return { ...model, world: finishRead(world, side, taken), taken: left, path };
    }
    case 'late': {
      const [write, ...late] = model.late.filter((lost) => lost.side === side);
      if (write === undefined) return null;
      const others = model.late.filter((lost) => lost.side !== side);
      return { ...model, world: attempt(world, write) ?? world, late: [...others, ...late], path };
    }
    default: {
      const intent = world.state.sides[side]?.intent;
      if (intent == null) return null;
      const isLook = world.sent.has(intent.delivery);
      // A second look asks nobody: one kind of answer is enough for it.
      if (isLook && kind !== 'answered') return null;
      const lost = kind === 'lost before' ? [world.writes[intent.delivery] as PlannedWrite] : [];
      return { ...model, world: deliver(world, side, kind), late: [...model.late, ...lost], path };
    }
  }
}

/** What is wrong with a step, in a sentence; null when nothing is. The agreed value may only be replaced by one whose author had it. */
export function wrongStep(before: Model, after: Model): string | null {
  const [old, next] = [registerOf(before.world.state, u), registerOf(after.world.state, u)];
  const isQuiet = old.status === 'settled' && next.status === 'settled' && next.siblings.length === 1;
  if (!isQuiet || old.winner === null || old.value === next.value) return null;
  const isMasters = after.world.rules.units[0]?.authority.kind === 'master';
  const seen = after.history.get(scalarText(next.value));
  if (isMasters || seen?.has(scalarText(old.value)) || isKept(after.world, old.value)) return null;
  return `${scalarText(next.value)} replaced ${scalarText(old.value)}, which its author never had`;
}

/** What is wrong once everything has been read and delivered; null when nothing is. */
export function wrongEnd(model: Model): string | null {
  const world = heal(model.world);
  const register = registerOf(world.state, u);
  const isAsked = world.questions['u/clash'] !== undefined;
  const sides = world.rules.sides.map(({ name }) => name);
  const differing = sides.filter(
    (side) => valueAt(world, side) !== register.value && !register.override.includes(side),
  );
  if (!isAsked && differing.length > 0) return `${differing.join(' and ')} did not get ${scalarText(register.value)}`;
  const again = heal(world);
  if (again.landed !== world.landed || again.facts.length !== world.facts.length) return 'something is done for ever';
  const lost = [...model.history.keys()].find((value) => !isAccounted(model, world, value));
  return lost === undefined ? null : `${lost} is gone without a trace`;
}

/** An edit is accounted for when it stands, was overwritten by somebody who had it, or is kept beside. */
function isAccounted(model: Model, world: World, value: string): boolean {
  const { siblings, value: agreed } = registerOf(world.state, u);
  const stand: readonly Json[] = [agreed, ...siblings.map((sibling) => sibling.value)];
  const isThere = (given: string): boolean => stand.includes(given) || isKept(world, given);
  if (isThere(value)) return true;
  return [...model.history].some(([later, had]) => later !== value && had.has(value) && isThere(later));
}

function textAt(world: World, side: SideName): string {
  return scalarText(valueAt(world, side) ?? null);
}
