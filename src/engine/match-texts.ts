import { traitsOf, type Traits } from '../core/identity/evidence.js';
import type { SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { readUnit } from '../core/mapping/mapping.js';
import type { Snapshot } from '../core/record.js';
import type { PairRules } from '../core/rules.js';
import type { MatchText } from './match-store.js';

/** The traits of a record that was just read. */
export function traitsOfSnapshot(rules: PairRules, side: SideName, { fields }: Snapshot): Traits {
  const raws: { [unit: UnitName]: Json | undefined } = {};
  for (const unit of rules.units) raws[unit.name] = readUnit(unit, side, fields);
  return traitsOf(rules, side, raws);
}

export function textsOf(traits: Traits): readonly MatchText[] {
  return Object.entries(traits).map(([unit, text]) => ({ unit: unit as UnitName, text }));
}
