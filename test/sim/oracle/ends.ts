import type { Json } from '../../../src/core/json.js';
import { isTripped, parkedSides } from '../../../src/core/loop.js';
import type { Register } from '../../../src/core/state.js';
import { Task } from '../task.js';
import type { SimSystem } from '../system.js';
import type { UnitOptions } from '../options.js';
import { canonical, rawOf } from '../truth.js';
import type { World } from '../world.js';
import { registerIn } from './oracle.js';
import { checkBroken } from './invariants.js';
import { checkWaits, isWaiting } from './references.js';
import { stateIn } from './state-in.js';

/** When everybody has stopped and everything was read and delivered (I1, I15, I17). */
export async function checkEnd(world: World, when: string): Promise<void> {
  const { tables } = world.database;
  const owners = new Map<string, number>();
  for (const id of tables.entities.keys()) {
    const state = stateIn(tables, id);
    for (const [side, shadow] of Object.entries(state.sides)) {
      // A duplicate stands beside the record that counts, and nobody says what it holds.
      if (shadow.presence === 'duplicate') owners.set(`${side}/${shadow.key}`, id);
      if (state.presence.kind === 'alias' || shadow.presence !== 'present') continue;
      const name = `${side}/${shadow.key}`;
      const other = owners.get(name);
      if (other !== undefined) world.oracle.report('I15', `${name} belongs to entities ${other} and ${id}`);
      owners.set(name, id);
      checkRecord(world, { id, side, key: shadow.key, when });
    }
  }
  for (const [side, system] of world.systems)
    for (const key of system.keys)
      if (!owners.has(`${side}/${key}`)) world.oracle.report('I1', `${side}/${key} stands for nothing, ${when}`);
  checkQuestions(world, when);
  checkWaits(world, when);
  checkBroken(world, when);
  if (world.oracle.violations.length === 0) await checkLedger(world);
}

type Place = { readonly id: number; readonly side: string; readonly key: string; readonly when: string };

function checkRecord(world: World, { id, side, key, when }: Place): void {
  const { tables } = world.database;
  const state = stateIn(tables, id as never);
  const system = world.system(side);
  const row = system.row(key as never);
  const isLive = state.presence.kind === 'live';
  if (system.state.veiled.has(key as never) && isLive)
    return world.oracle.report('I1', `${side}/${key} is not shown and the hub does not know, ${when}`);
  if (row === null) {
    if (isLive) world.oracle.report('I1', `${side}/${key} is gone and the hub does not know, ${when}`);
    return;
  }
  // It waits for the records that name it (`checkWaits`).
  if (state.presence.kind === 'tombstone' && state.hold?.kind === 'children') return;
  if (state.presence.kind === 'tombstone' && state.sides[side as never]?.refused == null) {
    world.oracle.report('I1', `${side}/${key} was to be deleted and is still there, ${when}`);
    return;
  }
  if (state.sides[side as never]?.refused != null) return;
  for (const unit of world.options.units) {
    const register = registerIn(state, unit);
    const raw = rawOf(unit, row.fields);
    if (isWaiting(state, unit, side) || state.broken?.units.includes(unit.name as never) === true) continue;
    if (isExcused(world, id, unit, register, side) || isEqual(system, unit, register, raw)) continue;
    world.oracle.report(
      'I1',
      `${side}/${key}/${unit.name} is ${JSON.stringify(raw)}, agreed is ${JSON.stringify(register.value)} (${register.status}), ${when}`,
    );
  }
}

/** What a rule or a person lets differ: an open question, a side that may, a unit that nobody ever gave a value. */
function isExcused(world: World, id: number, unit: UnitOptions, register: Register, side: string): boolean {
  if (register.status === 'asked' || register.override.includes(side as never)) return true;
  // A limit stopped it and a person is asked (I22).
  if (isTripped(register) || parkedSides(register).includes(side as never)) return true;
  // A master that never said anything, or said nothing: the others keep theirs.
  return (
    (unit.authority.kind === 'master' || unit.authority.kind === 'when') &&
    canonical(unit, register.value) === '' &&
    id > 0 &&
    world.options.sides.length > 0
  );
}

function isEqual(system: SimSystem, unit: UnitOptions, register: Register, raw: Json): boolean {
  const held = canonical(unit, raw);
  if (held === canonical(unit, register.value)) return true;
  const { truncates, capitals } = system.options;
  if (truncates === null && !capitals) return false;
  const kept = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((member: Json) => kept(member));
    if (typeof value !== 'string') return value;
    const short = truncates === null ? value : value.slice(0, truncates);
    return capitals ? short.toUpperCase() : short;
  };
  return held === canonical(unit, kept(register.value));
}

/** Whatever waits for a person is a question that a person can see. */
function checkQuestions(world: World, when: string): void {
  const { tables } = world.database;
  const isOpen = (entity: number, kind: string, unit: string | null): boolean =>
    tables.conflicts.some(
      (row) => row.state === 'open' && row.entity === entity && row.kind === kind && row.unit === unit,
    );
  for (const { id, standing } of tables.entities.values()) {
    const state = stateIn(tables, id);
    const place = `entity ${id}, ${when}`;
    const isRefused = Object.values(state.sides).some(
      ({ refused }: { readonly refused: string | null }) => refused !== null,
    );
    if (!isRefused && (standing === 'on_its_way' || standing === 'undecided'))
      world.oracle.report('I1', `${place} is still ${standing}`);
    if (state.presence.kind === 'delete_held' && !isOpen(id, 'delete', null))
      world.oracle.report('I1', `a delete is held and nobody is asked: ${place}`);
    if (state.hold?.kind === 'children' && state.hold.isAsked && !isOpen(id, 'delete', null))
      world.oracle.report('I14', `a record waits for those that name it and nobody is asked: ${place}`);
    if (state.presence.kind === 'alias' && standing === 'held' && !isOpen(id, 'duplicate', null))
      world.oracle.report('I1', `a duplicate stands there and nobody is asked: ${place}`);
    if (state.presence.kind === 'live' && state.hold?.kind === 'create' && !isOpen(id, 'create', null))
      world.oracle.report('I1', `a create is held and nobody is asked: ${place}`);
    for (const unit of world.options.units)
      if (
        registerIn(state, unit).status === 'asked' &&
        state.presence.kind !== 'alias' &&
        !isOpen(id, 'clash', unit.name)
      )
        world.oracle.report('I1', `unit ${unit.name} is asked and nobody is asked: ${place}`);
    if (state.presence.kind === 'live')
      for (const unit of world.options.units) {
        const register = registerIn(state, unit);
        if (isTripped(register) && !isOpen(id, 'tripped', unit.name))
          world.oracle.report('I22', `unit ${unit.name} is tripped and nobody is asked: ${place}`);
        if (parkedSides(register).length > 0 && !isOpen(id, 'parked', unit.name))
          world.oracle.report('I22', `unit ${unit.name} is parked and nobody is asked: ${place}`);
      }
  }
}

async function checkLedger(world: World): Promise<void> {
  const task = new Task();
  const { engine, pair } = world.placeFor(task);
  let problems: readonly string[] = [];
  await task.begin(async () => {
    const { ok, problems: found } = await engine.verifyLedger({ pair });
    if (!ok) problems = found.map(({ seq, entity, what }) => `entry ${seq}, entity ${entity}: ${what}`);
  }, Number.POSITIVE_INFINITY);
  if (task.error !== null) problems = [task.problem];
  if (problems.length > 0) world.oracle.report('I17', problems.slice(0, 3).join('; '));
}
