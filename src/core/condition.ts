import { evaluateNothing } from './expression.js';
import type { Hub } from './hub.js';
import type { UnitName } from './ids.js';
import type { Json } from './json.js';
import { registerOf } from './register.js';
import type { Authority, Expression, UnitRules } from './rules.js';
import type { EntityState } from './state.js';

/** Which way a condition went, with what it looked at; `holds` is null when it could not be told. */
export type Verdict = {
  readonly text: string;
  /** As the file has it, where it names segments. */
  readonly written?: string;
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
  const verdict = judged(authority.condition, state, hub);
  const undecided: Authority = { kind: 'either', policy: { kind: 'ask' }, blank: 'value' };
  const chosen = verdict.holds === null ? undecided : verdict.holds ? authority.use : authority.else;
  return { unit: { ...unit, authority: chosen }, verdict };
}

/** Which way a condition goes for a record, by the agreed values that it reads. */
export function judged(condition: Expression, state: EntityState, hub: Hub): Verdict {
  const names = Object.keys(condition.variables) as UnitName[];
  const inputs = Object.fromEntries(names.map((name) => [name, registerOf(state, name).value]));
  const given = (hub.evaluate ?? evaluateNothing)(condition, inputs);
  const holds = 'value' in given && typeof given.value === 'boolean' ? given.value : null;
  const { text, written } = condition;
  return { text, ...(written === undefined ? {} : { written }), holds, inputs };
}

/** A condition as people wrote it. */
export function conditionText({ text, written = text }: Expression): string {
  return written;
}

/** A verdict as it stands in the ledger. */
export function verdictDetail({ text, written, holds, inputs }: Verdict): Json {
  return { text, ...(written === undefined ? {} : { written }), holds, inputs };
}
