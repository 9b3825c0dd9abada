import type { RecordKey } from '../../src/core/ids.js';
import type { Shadows } from './oracle/history.js';
import type { Tables } from './store/tables.js';
import type { Row, SystemState } from './system.js';
import { canonical, editedBy, rawOf, untouched } from './truth.js';
import type { World } from './world.js';

/** A copy of an earlier day takes the system's place; who put it there knew what it would replace. */
export function restoreSide(world: World, side: string, copy: SystemState | undefined): void {
  const system = world.system(side);
  if (copy === undefined) return;
  const now = system.state;
  const rows = new Map<RecordKey, Row>();
  for (const [key, row] of copy.rows) rows.set(key, restored(world, side, [key, row], now.rows.get(key) ?? null));
  for (const [key, row] of now.rows) if (!copy.rows.has(key)) world.effects.deleted(side, key, row);
  for (const key of copy.rows.keys()) if (!now.rows.has(key)) world.effects.made(side, key);
  system.restore({ ...copy, rows });
}

function restored(world: World, side: string, [key, row]: readonly [RecordKey, Row], now: Row | null): Row {
  const registers = { ...row.registers };
  for (const unit of world.options.units) {
    const raw = rawOf(unit, row.fields);
    const current = now?.registers[unit.name] ?? world.system(side).registersOf(key)[unit.name] ?? untouched;
    registers[unit.name] = current;
    if (now !== null && canonical(unit, raw) === canonical(unit, rawOf(unit, now.fields))) continue;
    const bit = world.newEdit(side, key, unit.name, raw);
    registers[unit.name] = editedBy(bit, current);
  }
  return { ...row, registers };
}

/** Our own database, and what it was shown last of everything. */
export type HubCopy = { readonly tables: Tables; readonly shadows: Shadows };

export function copyHub({ database, oracle }: World): HubCopy {
  return { tables: database.tables, shadows: oracle.state.histories.shadows };
}

/** Our own database as it was: the operator raises the epoch and has everything read again. False: there is no copy. */
export function restoreHub({ database, oracle }: World, copy: HubCopy | null): boolean {
  const pair = copy?.tables.pair;
  if (copy === null || pair == null || database.tables.pair === null) return false;
  const cursors = Object.fromEntries(
    Object.keys(pair.cursors).map((side) => [side, { cursor: null, pass: null, complete: null, problem: null }]),
  );
  database.tables = { ...copy.tables, pair: { ...pair, epoch: database.tables.pair.epoch + 1, cursors } };
  database.holder = null;
  // What it was shown since, it was not shown: what looks as it did then is no edit to it (SPEC, Gaps).
  oracle.state.histories.shadows = copy.shadows;
  return true;
}
