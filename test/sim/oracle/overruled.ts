import type { EntityId } from '../../../src/core/ids.js';
import type { WrittenEntry } from '../../../src/engine/store.js';

/** Edits that a master's edit replaced, as its entry says. */
export function overruledDots(
  entries: readonly Pick<WrittenEntry, 'entry' | 'payload'>[],
  id: EntityId,
  unit: string,
): ReadonlySet<string> {
  const details = entries.flatMap(({ entry, payload }) =>
    entry.entity === id ? [(JSON.parse(payload.text) as { readonly detail: Detail }).detail] : [],
  );
  const lost = details.flatMap(({ units }) => units?.[unit]?.overruled ?? []);
  return new Set(lost.map(({ dot }) => dot));
}

type Detail = {
  readonly units?: {
    readonly [unit: string]: { readonly overruled?: readonly { readonly dot: string }[] } | undefined;
  };
};
