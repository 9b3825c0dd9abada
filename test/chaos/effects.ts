import { type Effect, type Unit, units } from './sides.js';

/** What the ledger says about whole records. */
export type Told = {
  /** How often people said of a deleted record that it is to be made again, by key. */
  readonly restored: ReadonlyMap<string, number>;
  /** Keys of which people said that they are to go. */
  readonly deleted: ReadonlySet<string>;
  /** Records with values that somebody else than we had put there, as `side key`. */
  readonly met: ReadonlySet<string>;
  /** When a reading showed us a record that we did not know to be there, as `side key`, in epoch ms. */
  readonly readAtMs: ReadonlyMap<string, readonly number[]>;
};

/**
 * Effects of ours that happened twice, that changed nothing, or that brought back the dead: a record that was on a side
 * is made there again as often as people said so, and no more. One that came and went before we looked was never there.
 */
export function doubled(
  effects: readonly Effect[],
  { restored, met }: Pick<Told, 'restored' | 'met'>,
): readonly string[] {
  const found: string[] = [];
  const keys = new Set<string>();
  const made = new Map<string, number>();
  const wasThere = new Set<string>();
  for (const { by, side, kind, key, idempotencyKey, before, after } of effects) {
    const place = `${side} ${key}`;
    if (by === 'parley' && kind === 'create') {
      const times = (made.get(place) ?? 0) + 1;
      made.set(place, times);
      const again = wasThere.has(place) ? times : times - 1;
      if (again > (restored.get(key) ?? 0))
        found.push(`doubled effect: ${key} was created again on ${side}, and nobody had said so`);
    }
    // Whatever is changed or deleted, or made by somebody else, without our having made it, was there before us.
    if (!made.has(place) && met.has(place)) wasThere.add(place);
    if (by !== 'parley') continue;
    if (idempotencyKey !== null && keys.has(idempotencyKey))
      found.push(`doubled effect: ${idempotencyKey} took effect twice on ${side}`);
    if (idempotencyKey !== null) keys.add(idempotencyKey);
    const changes = units.filter((unit: Unit) => unit in after && after[unit] !== before[unit]);
    if (kind === 'update' && changes.length === 0)
      found.push(`needless write: nothing of ${key} on ${side} was changed by it`);
  }
  return found;
}
