import { ParleyError } from '../core/errors.js';
import type { PairId, RevisionId } from '../core/ids.js';
import type { EnginePorts } from './engine.js';
import type { PairRow, SavedRevision } from './store.js';

/** @throws ParleyError `pair.not_found` when the revision was never saved: a bug or a foreign database. */
export async function revisionOf(
  ports: Pick<EnginePorts, 'store'>,
  pair: PairId,
  id: RevisionId,
): Promise<SavedRevision> {
  const revision = await ports.store.revision(pair, id);
  if (revision !== null) return revision;
  throw new ParleyError(
    'pair.not_found',
    `Pair "${pair}" has no saved revision ${id.slice(0, 12)}. Nothing was changed.`,
    { hint: `parley plan ${pair}` },
  );
}

/** The revision that decides now. @throws ParleyError `pair.not_approved` before the first approved plan. */
export async function activeRevision(ports: Pick<EnginePorts, 'store'>, pair: PairRow): Promise<SavedRevision> {
  if (pair.revision !== null) return revisionOf(ports, pair.pair, pair.revision);
  throw new ParleyError(
    'pair.not_approved',
    `Pair "${pair.pair}" has no approved plan yet, so nothing is read or written.`,
    { hint: `parley plan ${pair.pair}` },
  );
}
