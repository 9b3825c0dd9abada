import { entityId, pairId, recordKey, sideName, unitName } from '../../src/core/ids.js';
import type { LedgerVerification, RecordAsOf } from '../../src/engine/engine.js';

const atMs = Date.parse('2026-05-03T09:12:00.000Z');

export const sampleVerification: LedgerVerification = {
  ok: true,
  entries: 2,
  retired: null,
  root: 'ab',
  entities: 1,
  problems: [],
  checkpoints: { configured: true, compared: 1, newest: { size: 2, root: 'ab', atMs }, publicKey: 'k' },
};

export const sampleAsOf: RecordAsOf = {
  pair: pairId('suppliers'),
  entity: entityId(1),
  seq: 1,
  atMs,
  keys: { [sideName('crm')]: recordKey('17') },
  gone: [],
  units: [{ unit: unitName('name'), agreed: 'Acme', asked: false, from: null }],
  entries: { before: 1, since: 0 },
};
