import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { assert } from '../core/assert.js';
import { ParleyError } from '../core/errors.js';

/** A data key as the database holds it: useless to whoever has not the wrapping key of this id. */
export type WrappedKey = { readonly wrapped: Buffer; readonly wrappedBy: string };

/**
 * The keys of the environment under which data keys are kept. The first one wraps; the others are known, so that what
 * they wrapped can be read until it is wrapped anew.
 */
export type WrappingKeys = {
  /** Id of the key that wraps; null where the environment has none, and nothing is encrypted. */
  readonly current: string | null;
  wrap(key: Buffer): WrappedKey;
  /** @throws ParleyError `keys.unknown` */
  unwrap(wrapped: WrappedKey): Buffer;
};

const keyBytes = 32;
/** RFC 3394: no nonce to keep, and a wrong key is told from the right one. */
const algorithm = 'id-aes256-wrap';
const initial = Buffer.alloc(8, 0xa6);

/** Keys of at least 32 bytes, hashed to that length; none: whatever was encrypted before cannot be read. */
export function wrappingKeysOf(keys: readonly Buffer[]): WrappingKeys {
  const known = new Map(keys.map((key) => [idOf(key), createHash('sha256').update(key).digest()]));
  const current = keys[0] === undefined ? null : idOf(keys[0]);
  return {
    current,
    wrap(key) {
      assert(current !== null, 'there is a key to wrap with');
      const cipher = createCipheriv(algorithm, known.get(current) as Buffer, initial);
      return { wrapped: Buffer.concat([cipher.update(key), cipher.final()]), wrappedBy: current };
    },
    unwrap({ wrapped, wrappedBy }) {
      const key = known.get(wrappedBy);
      if (key === undefined) throw unknownKey(wrappedBy);
      const cipher = createDecipheriv(algorithm, key, initial);
      return Buffer.concat([cipher.update(wrapped), cipher.final()]);
    },
  };
}

/** Names a key without telling it. */
function idOf(key: Buffer): string {
  return createHash('sha256').update('parley wrapping key\n').update(key).digest('hex').slice(0, 8);
}

export const newDataKey = (): Buffer => randomBytes(keyBytes);

/** Nothing is guessed and nothing is written without the key: a second set of digests would double records. */
function unknownKey(wrappedBy: string): ParleyError {
  return new ParleyError(
    'keys.unknown',
    `The history is encrypted under the wrapping key ${wrappedBy}, which this process was not given. Nothing was read or written.`,
    { hint: 'Put that key into PARLEY_WRAPPING_KEY of API and worker; after a rotation both keys, the new one first.' },
  );
}
