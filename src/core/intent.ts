import { vectorText } from './clock/version-vector.js';
import type { Json } from './json.js';
import { conditionText } from './condition.js';
import type { NativeFieldMap } from './record.js';
import type { UnitRules } from './rules.js';
import type { Intent, Register } from './state.js';
import { signatureText } from './write-version.js';

/** A unit that a side has to be written, what it held and what it is to hold. */
export type Behind = {
  readonly unit: UnitRules;
  readonly register: Register;
  readonly old: Json | undefined;
  readonly target: Json;
};

export function intentOf(kind: Intent['kind'], delivery: number, behind: readonly Behind[]): Intent {
  return {
    delivery,
    kind,
    units: Object.fromEntries(
      behind.map(({ unit, register, target }) => [unit.name, { raw: target, vv: register.vv }]),
    ),
  };
}

export function signatureOf(kind: Intent['kind'], behind: readonly Behind[]): string {
  return signatureText(
    kind,
    behind.map(({ unit, register }) => `${unit.name} ${vectorText(register.vv)}`),
  );
}

export function merged(parts: readonly NativeFieldMap[]): NativeFieldMap {
  return parts.length === 1 ? (parts[0] as NativeFieldMap) : parts.reduce((all, part) => ({ ...all, ...part }), {});
}

function authorityWord({ authority }: UnitRules): string {
  if (authority.kind === 'when') return `when ${conditionText(authority.condition)}`;
  return authority.kind === 'master' ? `master ${authority.side}` : `either: ${authority.policy.kind}`;
}

export function ruleText(unit: UnitRules): string {
  return `${authorityWord(unit)} (${unit.place})`;
}
