import { ParleyError } from '../core/errors.js';
import { openStore } from '../db/postgres-store.js';
import { type Environment, requireDatabase } from './environment.js';

/**
 * Wraps every data key with the first of PARLEY_WRAPPING_KEY; values are not touched. May be ended and run again.
 * @throws ParleyError `config.invalid`, `keys.unknown`
 */
export async function rotateKeys(environment: Environment): Promise<{ readonly rewrapped: number }> {
  const { wrappingKeys } = environment;
  if (wrappingKeys.length === 0) {
    throw new ParleyError('config.invalid', 'PARLEY_WRAPPING_KEY is not set. Nothing was changed.', {
      hint: 'Put the new key first and the present one behind it, with a space between them.',
    });
  }
  const store = await openStore({ url: requireDatabase(environment), connectionsMax: 1, wrappingKeys });
  try {
    await store.ping();
    return await store.rewrapKeys();
  } finally {
    await store.close();
  }
}
