import { ParleyError } from '../../../src/core/errors.js';
import type { LedgerPayload } from '../../../src/core/ledger/entry.js';
import type { ErasureTransaction } from '../../../src/engine/erasure-store.js';
import type { EntityRange, StoredEntry } from '../../../src/engine/ledger-store.js';
import type { WrittenEntry } from '../../../src/engine/store.js';
import type { Tables } from './tables.js';

export function storedEntry({ entry, payload: sealed }: WrittenEntry): StoredEntry {
  const payload = { nonce: sealed.nonce, ...(JSON.parse(sealed.text) as Omit<LedgerPayload, 'nonce'>) };
  return { entry, payload, sealed };
}

export function runEntries({ ledger }: Tables, run: number, { after, limit }: EntityRange): readonly StoredEntry[] {
  const own = ledger.filter(({ entry }) => entry.run === run && (entry.entity ?? 0) > (after ?? 0));
  const ids = [...new Set(own.map(({ entry }) => entry.entity as number))].sort((a, b) => a - b).slice(0, limit);
  return own
    .filter(({ entry }) => ids.includes(entry.entity as number))
    .sort((a, b) => (a.entry.entity as number) - (b.entry.entity as number) || a.entry.seq - b.entry.seq)
    .map(storedEntry);
}

/** Erasure is the real database's: this one has no key to suppress by, as a process without one has not. */
export const noErasure: ErasureTransaction = {
  suppressed: () => Promise.resolve(new Set()),
  aliasesOf: () => Promise.resolve([]),
  deliveredEntries: () => Promise.resolve([]),
  erase: () => Promise.reject(new ParleyError('erasure.no_key', 'Nothing is erased without a key.')),
};
