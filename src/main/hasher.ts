import { hash, randomUUID } from 'node:crypto';
import type { Hasher } from '../engine/ports.js';

export const hasher: Hasher = {
  sha256: (text) => hash('sha256', text, 'hex'),
  sha256Node(prefix, ...hex) {
    const bytes = Buffer.allocUnsafe(1 + hex.reduce((sum, part) => sum + part.length / 2, 0));
    let length = bytes.writeUInt8(prefix);
    for (const part of hex) length += bytes.write(part, length, 'hex');
    return hash('sha256', bytes, 'hex');
  },
  // A random UUID holds 122 random bits and comes from a pool, which a page of thousands of entries needs.
  nonce: () => randomUUID().replaceAll('-', ''),
};
