import { hash, randomFillSync } from 'node:crypto';
import type { Hasher } from '../engine/ports.js';

const nonceBytes = 16;
/** Random bytes are asked for in bulk: a page of thousands of entries takes a nonce for each. */
const pool = Buffer.alloc(256 * nonceBytes);
let poolUsed = pool.length;

export const hasher: Hasher = {
  sha256: (text) => hash('sha256', text, 'hex'),
  sha256Node(prefix, ...hex) {
    const bytes = Buffer.allocUnsafe(1 + hex.reduce((sum, part) => sum + part.length / 2, 0));
    let length = bytes.writeUInt8(prefix);
    for (const part of hex) length += bytes.write(part, length, 'hex');
    return hash('sha256', bytes, 'hex');
  },
  nonce() {
    if (poolUsed === pool.length) {
      randomFillSync(pool);
      poolUsed = 0;
    }
    const from = poolUsed;
    poolUsed += nonceBytes;
    return pool.toString('hex', from, poolUsed);
  },
};
