import { createHash, hash, randomUUID } from 'node:crypto';
import type { Hasher } from '../engine/ports.js';

export const hasher: Hasher = {
  sha256: (text) => hash('sha256', text, 'hex'),
  sha256Node(prefix, ...hex) {
    const digest = createHash('sha256').update(Buffer.of(prefix));
    for (const part of hex) digest.update(part, 'hex');
    return digest.digest('hex');
  },
  // A random UUID holds 122 random bits and comes from a pool, which a page of thousands of entries needs.
  nonce: () => randomUUID().replaceAll('-', ''),
};
