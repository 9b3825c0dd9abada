import { ledgerFiles } from '../checkpoints/ledger-files.js';
import { openNote, verifierOf } from '../checkpoints/note.js';
import type { Retention } from '../cli/machinery.js';
import { ParleyError } from '../core/errors.js';
import { openStore } from '../db/postgres-store.js';
import { openRetention } from '../db/retention.js';
import { planRetention } from '../engine/plan-retention.js';
import { retainLedger } from '../engine/retain-ledger.js';
import { checkpointsOf } from './checkpoints.js';
import { type Environment, requireDatabase } from './environment.js';
import { hasher } from './hasher.js';

/**
 * What `parley ledger retain` works with: the application's role states what is kept forward, the owner takes the months away.
 * @throws ParleyError `config.invalid` when either is not named, `store.not_migrated`
 */
export async function openRetentionHere(environment: Environment, folder: string): Promise<Retention> {
  if (environment.databaseOwnerUrl === null) {
    throw new ParleyError(
      'config.invalid',
      'DATABASE_OWNER_URL is not set: the application may add to the history and read it, and only its owner may take ' +
        'months of it away. Nothing was changed.',
      { hint: 'Set DATABASE_OWNER_URL as for `parley serve migrate`, and DATABASE_URL as for the worker.' },
    );
  }
  const store = await openStore({ url: requireDatabase(environment), wrappingKeys: environment.wrappingKeys });
  const retention = openRetention(environment.databaseOwnerUrl);
  const ports = {
    store,
    hasher,
    checkpoints: checkpointsOf(environment),
    retention,
    files: ledgerFiles(folder),
    openNote: (note: string, key: string | null) => openNote(note, key === null ? [] : [verifierOf(key)]),
  };
  await store.ping();
  return {
    nowMs: () => store.nowMs(),
    plan: (beforeMs) => planRetention(ports, beforeMs),
    retain: (wish) => retainLedger(ports, wish),
    async close() {
      await retention.close();
      await store.close();
    },
  };
}
