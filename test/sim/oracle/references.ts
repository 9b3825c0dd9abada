import type { RecordKey, SideName } from '../../../src/core/ids.js';
import type { Json } from '../../../src/core/json.js';
import { referenceParts, type Wait } from '../../../src/core/reference.js';
import type { EntityState, Shadow } from '../../../src/core/state.js';
import type { Changes, DeliveryItem, DeliveryRow } from '../../../src/engine/store.js';
import type { UnitOptions, WorldOptions } from '../options.js';
import { linkName, type Tables } from '../store/tables.js';
import type { Effect, SimSystem } from '../system.js';
import { isEmpty } from '../truth.js';
import { registerIn } from './oracle.js';
import { stateIn } from './state-in.js';

/** One of the two pairs of a world, and the other. */
type Related = {
  readonly options: WorldOptions;
  readonly database: { readonly tables: Tables };
  readonly oracle: { report(invariant: string, what: string): void };
  readonly parents: Related | null;
  readonly children: Related | null;
  /** Records that the hub ever knew to be there, as `side key`; kept of those that may be named. */
  readonly known: Set<string>;
  system(side: string): SimSystem;
};

/**
 * References between records of two pairs (I14), at every commit of either: what is planned to name a record names one that
 * its side is known to have, and nothing is planned to be deleted that a record there is known to name.
 */
export function checkReferences(world: Related, changes: readonly Changes[]): void {
  if (world.children !== null) noteKnown(world, changes);
  for (const delivery of changes.flatMap(({ deliveries = [] }) => deliveries))
    for (const item of delivery.items) {
      if (world.parents !== null) checkNames(world, world.parents, delivery, item);
      if (world.children !== null) checkUnnamed(world, world.children, delivery, item);
    }
}

/** A write that names what its side never had, whatever the hub may have believed. */
export function checkNamed(world: Related, { side, carried: { write } }: Effect): void {
  const { parents } = world;
  if (parents === null || write.kind === 'delete') return;
  const { state } = parents.system(side);
  for (const unit of world.options.units.filter(isReference)) {
    const key = named(write.fields[unit.name]);
    if (key === null || state.rows.has(key) || state.gone.has(key) || state.life > 1) continue;
    world.oracle.report('I14', `${side}/${write.key}/${unit.name} was written as ${key}, which ${side} never had`);
  }
}

/** At the end nothing waits for what is there, and nobody waits for children that are not. */
export function checkWaits(world: Related, when: string): void {
  const { tables } = world.database;
  for (const id of tables.entities.keys()) {
    const state = stateIn(tables, id);
    for (const { side, unit, on } of state.waits) {
      const parts = referenceParts(on);
      if (world.parents === null || parts === null) continue;
      if (keyThere(world.parents.database.tables, parts.side, parts.key, side) !== null)
        world.oracle.report('I14', `${unit} of entity ${id} waits for ${on} in ${side}, and it is there, ${when}`);
    }
    if (state.hold?.kind === 'children' && world.children !== null && !isNamed(state, world.children))
      world.oracle.report('I14', `entity ${id} is not deleted for records that name it, and none does, ${when}`);
  }
}

export function isWaiting({ waits }: EntityState, { name }: UnitOptions, side: string): boolean {
  return waits.some((wait: Wait) => wait.unit === name && wait.side === side);
}

const isReference = ({ type }: UnitOptions): boolean => type === 'reference';

const named = (value: Json | undefined): RecordKey | null =>
  typeof value === 'string' && !isEmpty(value) ? (value as RecordKey) : null;

/** Several workers commit in either pair while another decides by what it read before. */
const isAlone = (world: Related): boolean => world.options.workers === 1;

function noteKnown(parents: Related, changes: readonly Changes[]): void {
  for (const { id } of changes.flatMap(({ entities = [] }) => entities)) {
    const { sides } = stateIn(parents.database.tables, id);
    for (const [side, shadow] of Object.entries(sides))
      if (shadow.presence === 'present') parents.known.add(linkName({ side: side as SideName, key: shadow.key }));
  }
}

function checkNames(world: Related, parents: Related, { side }: DeliveryRow, item: DeliveryItem): void {
  if (item.kind === 'delete') return;
  const register = (unit: UnitOptions) => registerIn(stateIn(world.database.tables, item.entity), unit);
  for (const unit of world.options.units.filter(isReference)) {
    const key = named(item.fields[unit.name]);
    const place = `${side}/${item.key}/${unit.name}`;
    if (key === null) {
      if (item.kind === 'create' && unit.reference?.isRequired === true && !isEmpty(register(unit).value))
        world.oracle.report('I14', `${place} is needed, and the record is to be made without it`);
      continue;
    }
    const isThere = keyThere(parents.database.tables, side, key, side) === key;
    const wasThere = parents.known.has(linkName({ side, key }));
    if (isAlone(world) ? !isThere : !wasThere)
      world.oracle.report('I14', `${place} is to be written as ${key}, which ${side} is not known to have`);
  }
}

function checkUnnamed(
  parents: Related,
  world: Related,
  { side }: DeliveryRow,
  { kind, key, entity }: DeliveryItem,
): void {
  const isFollowed = stateIn(parents.database.tables, entity).presence.kind === 'tombstone';
  // What a person wants deleted in one system only is theirs to say.
  if (kind !== 'delete' || !isFollowed || !isAlone(parents)) return;
  for (const id of world.database.tables.entities.keys()) {
    const shadow = stateIn(world.database.tables, id).sides[side];
    if (shadow === undefined || shadow.presence === 'gone' || shadow.presence === 'awaited') continue;
    if (world.options.units.some((unit) => isReference(unit) && named(shadow.raws[unit.name as never]) === key))
      world.oracle.report('I14', `${side}/${key} is to be deleted, and ${side}/${shadow.key} is known to name it`);
  }
}

/** The key that the record which `side` calls `key` has on another side, as far as the hub knows. */
function keyThere(tables: Tables, side: SideName, key: RecordKey, there: SideName): RecordKey | null {
  const link = tables.links.get(linkName({ side, key }));
  if (link === undefined) return null;
  const { presence, sides } = stateIn(tables, link.entity);
  const isLive = presence.kind === 'live' || presence.kind === 'delete_held';
  const shadow = sides[there];
  return isLive && shadow?.presence === 'present' ? shadow.key : null;
}

/** Whether a record really names one that is still there. */
function isNamed({ sides }: EntityState, children: Related): boolean {
  const units = children.options.units.filter(isReference);
  return Object.entries(sides).some(([side, shadow]: [string, Shadow]) => {
    if (shadow.presence !== 'present') return false;
    const { rows } = children.system(side).state;
    return [...rows.values()].some(({ fields }) => units.some(({ name }) => named(fields[name]) === shadow.key));
  });
}
