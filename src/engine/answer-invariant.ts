import type { By, Decided, Subject } from '../core/decide.js';
import type { UnitName } from '../core/ids.js';
import { decideInvariant } from '../core/invariant.js';
import type { Json } from '../core/json.js';
import type { Choice } from './engine.js';

export const invariantVerbs = `choose --keep SIDE, or values by field: --value '{"FIELD": "TEXT"}'`;

/**
 * Takes an answer about units that break an invariant together: what one side holds in all of them, or values by unit.
 * Values that break it as well are no answer: whoever wants such a record says so in a system, or changes the file.
 */
export function answerInvariant(subject: Subject, choice: Choice, by: By): Decided | { readonly fault: string } {
  if (choice.kind === 'keep') {
    const isThere = subject.state.sides[choice.side]?.presence === 'present';
    const decided = isThere ? decideInvariant(subject, choice, by) : null;
    return decided ?? { fault: `${choice.side} has no values to keep` };
  }
  if (choice.kind !== 'value') return { fault: invariantVerbs };
  const values = valuesOf(choice.value, subject.state.broken?.units ?? []);
  if (values === null) return { fault: `${invariantVerbs}, of ${subject.state.broken?.units.join(', ')}` };
  return (
    decideInvariant(subject, { kind: 'values', values }, by) ?? { fault: 'these values break the invariant as well' }
  );
}

function valuesOf(value: Json, units: readonly UnitName[]): { readonly [unit: UnitName]: Json } | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => units.some((unit) => unit === name))
    ? (value as { readonly [unit: UnitName]: Json })
    : null;
}
