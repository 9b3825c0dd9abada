import { type Actor, type Vector, vectorText } from './clock/version-vector.js';
import type { SideName } from './ids.js';
import type { Intent } from './state.js';

/** The same text for the same write: what was refused is not tried again, what is planned is not planned twice. */
export function signatureOfIntent(intent: Intent): string {
  if (intent.kind !== 'create' && intent.kind !== 'update') return intent.kind;
  return signatureText(
    intent.kind,
    Object.entries(intent.units).map(([unit, part]) => `${unit} ${vectorText((part as { vv: Vector }).vv)}`),
  );
}

/** Most writes carry one unit; sorting costs more memory than the rest of deciding one. */
export function signatureText(kind: Intent['kind'], units: readonly string[]): string {
  if (units.length === 1) return `${kind}; ${units[0]}`;
  return [kind, ...units.toSorted()].join('; ');
}

/**
 * Which of the lives of a record a create or a delete is about, as text without spaces. A system that knows a request
 * again would else take the create of a record that people have deleted since for the first one, and not make it. What
 * side and hub counted tells one create from the next, and is the same for each attempt; of a delete all may be counted.
 */
export function lifeOf(counts: { readonly [actor: Actor]: number }, side: SideName | null): string {
  const isMeant = (name: Actor): boolean => [`${side}#`, 'hub#'].some((own) => name.startsWith(own));
  const meant = Object.fromEntries(Object.entries(counts).filter(([name]) => side === null || isMeant(name)));
  return `life:${vectorText(meant).replaceAll(' ', ',')}`;
}
