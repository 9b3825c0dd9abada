import { evaluateNothing } from './expression.js';
import type { Hub } from './hub.js';
import type { UnitName } from './ids.js';
import type { Json } from './json.js';
import { registerOf } from './register.js';
import type { Authority, UnitRules } from './rules.js';
import type { EntityState } from './state.js';

/** Which way a condition went, with what it looked at; `holds` is null when it could not be told. */
export type Verdict = {
  readonly text: string;
  readonly holds: boolean | null;
  readonly inputs: { readonly [unit: UnitName]: Json };
};

/** A unit whose authority is decided for this record, and how that came about; null where the file states no condition. */
export type Ruled = { readonly unit: UnitRules; readonly verdict: Verdict | null };

/**
 * The authority of a unit for one record (semantics §2.2, `when P: X else Y`). P reads the agreed values of units that
 * stand before this one in the file, so there is no circle; of a unit that is undecided, the value that was agreed last.
 * When P cannot be told nobody is favoured: either side may edit, and a clash is asked.
 */
export function ruled(unit: UnitRules, state: EntityState, hub: Hub): Ruled {
  const { authority } = unit;
  if (authority.kind !== 'when') return { unit, verdict: null };
  const { condition } = authority;
  const names = Object.keys(condition.variables) as UnitName[];
  const inputs = Object.fromEntries(names.map((name) => [name, registerOf(state, name).value]));
  const given = (hub.evaluate ?? evaluateNothing)(condition, inputs);
  const holds = 'value' in given && typeof given.value === 'boolean' ? given.value : null;
  const undecided: Authority = { kind: 'either', policy: { kind: 'ask' }, blank: 'value' };
  const chosen = holds === null ? undecided : holds ? authority.use : authority.else;
  return { unit: { ...unit, authority: chosen }, verdict: { text: condition.text, holds, inputs } };
}

/** A verdict as it stands in the ledger. */
export function verdictDetail({ text, holds, inputs }: Verdict): Json {
  return { text, holds, inputs };
}
