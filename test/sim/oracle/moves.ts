import type { EntityId, RecordKey, SideName } from '../../../src/core/ids.js';
import type { Json } from '../../../src/core/json.js';
import { isAlone } from '../../../src/core/merge.js';
import type { Shadow } from '../../../src/core/state.js';
import type { UnitOptions } from '../options.js';
import type { Tables } from '../store/tables.js';
import type { SimSystem } from '../system.js';
import { canonical, rawOf, type Register } from '../truth.js';
import type { Known } from './history.js';
import { stateIn } from './state-in.js';

/** Where a record stands that was merged into one of which the hub knows nothing else: it goes on there. */
export function keyNow(system: SimSystem, id: EntityId, key: RecordKey, tables: Tables): RecordKey {
  const into = system.row(key) === null ? system.state.merged.get(key) : undefined;
  if (into === undefined) return key;
  const side = system.options.name as SideName;
  const isOthers = [...tables.entities.keys()].some((other) => {
    const state = stateIn(tables, other);
    const isThere = other !== id && state.presence.kind !== 'alias' && state.sides[side]?.key === into;
    return isThere && !isAlone(state, side);
  });
  return isOthers ? key : keyNow(system, id, into, tables);
}

/** Whether a record held, when it was merged into another, the very version of the hub that stands there now. */
export function heldVersion(system: SimSystem, key: RecordKey, unit: UnitOptions, raw: Json): boolean {
  const lost = system.state.gone.get(key);
  const isHeld = lost !== undefined && canonical(unit, rawOf(unit, lost.fields)) === canonical(unit, raw);
  return isHeld && lost.registers[unit.name]?.authors === 0n;
}

/**
 * Whether a record took the place of another one, and the hub still counts that one as there: where deletes are found by
 * listing keys nobody told it, and until they are listed the record is a stranger (SPEC, A record is created or deleted).
 * Where the key was used again before the hub looked, the side cannot tell any more, however it tells deletes.
 */
export function isUntold(system: SimSystem, key: RecordKey, tables: Tables): boolean {
  const { options, state } = system;
  const told = (from: RecordKey): boolean =>
    tables.ledger.some(({ entry, payload }) => {
      if (entry.kind !== 'merged' || entry.side !== options.name) return false;
      return (JSON.parse(payload.text) as { readonly detail: { readonly key: Json } }).detail.key === from;
    });
  const listed = options.deletes === 'listing' ? [...state.merged] : [];
  const lost = [
    ...listed.filter(([from, into]) => into === key && system.row(from) === null),
    ...state.mergedBefore.filter(([from, into]) => into === key && system.row(from) !== null && !told(from)),
  ];
  const isThere = (from: RecordKey): boolean =>
    [...tables.entities.keys()].some((id) => {
      const shadow = stateIn(tables, id).sides[options.name as SideName];
      return shadow?.key === from && (shadow.presence === 'present' || shadow.presence === 'duplicate');
    });
  return lost.some(([from]) => isThere(from) || isUntold(system, from, tables));
}

/**
 * The hub found a record missing, and takes back what complete passes had confirmed of a delivery without a write: none of
 * them showed the record as it was when it went (SPEC, One reading). So it is where the record went to, too.
 */
export function unproven(system: SimSystem | undefined, key: RecordKey, { name }: UnitOptions): void {
  if (system === undefined || system.row(key) !== null) return;
  const bits = system.registersOf(key)[name]?.byPass ?? 0n;
  for (let at: RecordKey | undefined = key, steps = 0; at !== undefined && steps < 9; steps += 1) {
    changeRegister(system, at, name, (one) => ({
      ...one,
      proven: one.proven & ~(bits & one.byPass),
      byPass: one.byPass & ~bits,
    }));
    at = system.state.merged.get(at);
  }
}

/**
 * What a reading proves of somebody who edited after a write of ours, while the hub does not know yet whether that write was
 * made: nothing of what it brought, then or later (SPEC, class O6c).
 */
export function inDoubt(
  system: SimSystem | undefined,
  key: RecordKey,
  { name }: UnitOptions,
  register: Register,
): Known {
  const edits = register.brought?.edits ?? 0n;
  const without = (one: Register): Register => ({ ...one, proven: one.proven & ~edits });
  if (system !== undefined) changeRegister(system, key, name, without);
  return without(register);
}

/** Whether somebody edited after a write of which the hub does not know yet that it was made. */
export function isInDoubt({ brought, history }: Register, was: Shadow | undefined, tables: Tables): boolean {
  const delivery = was?.intent?.delivery;
  const isSent = delivery !== undefined && tables.deliveries.get(delivery)?.state === 'sent';
  // What nobody has edited since is what the system made of the write.
  return isSent && brought?.delivery === delivery && brought.history !== history;
}

function changeRegister(
  system: SimSystem,
  key: RecordKey,
  unit: string,
  change: (register: Register) => Register,
): void {
  const changed = <One extends { readonly registers: { readonly [unit: string]: Register } }>(row: One): One => {
    const register = row.registers[unit];
    return register === undefined ? row : { ...row, registers: { ...row.registers, [unit]: change(register) } };
  };
  const [row, lost] = [system.state.rows.get(key), system.state.gone.get(key)];
  const rows = row === undefined ? system.state.rows : new Map(system.state.rows).set(key, changed(row));
  const gone = lost === undefined ? system.state.gone : new Map(system.state.gone).set(key, changed(lost));
  system.state = { ...system.state, rows, gone };
}

/** Whether the hub knows that a record is not there any more: from the feed at once, else when its key was missed. */
export function isKnownGone({ options }: SimSystem, key: RecordKey, tables: Tables): boolean {
  if (options.deletes !== 'listing') return true;
  return [...tables.entities.keys()].some((id) => {
    const shadow = stateIn(tables, id).sides[options.name as SideName];
    return shadow?.key === key && shadow.presence === 'gone';
  });
}
