import { ParleyError } from '../core/errors.js';
import type { PairId, RecordKey, SideName, UnitName } from '../core/ids.js';
import { emptyHistory, keptIn, takeEntry, type History } from '../core/ledger/kept.js';
import type { EnginePorts, RecordAsOf, RecordAsOfInput } from './engine.js';
import { keptHistory } from './entity-history.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
import { isRetired } from './retired.js';

const deliveriesMax = 1_000;

/**
 * What a record was, at a moment or after an entry, folded from its history alone (SPEC I17): the agreed values, who gave
 * them, and which sides had it.
 *
 * @throws ParleyError `record.not_found` when nothing was known of it by then, `record.erased`, `ledger.retired` when the
 * entries of then were taken out of the ledger, `ledger.mismatch`
 */
export async function recordAsOf(ports: EnginePorts, input: RecordAsOfInput): Promise<RecordAsOf> {
  const { pair, side, key, asOf } = input;
  const { readModel } = ports;
  const stored = await readModel.entityByKey(pair, side, key);
  const retirement = await ports.store.retirement(pair);
  const { kept, entries: history } =
    stored === null ? { kept: null, entries: [] } : await keptHistory(readModel, pair, stored.id, retirement);
  if (retirement !== null && ('seq' in asOf ? asOf.seq < retirement.cut : asOf.atMs < retirement.beforeMs))
    throw isRetired(pair, retirement);
  const past = history.filter(({ entry }) => ('seq' in asOf ? entry.seq <= asOf.seq : entry.atMs <= asOf.atMs));
  if (stored === null || (past.length === 0 && kept === null)) throw notKnown(input, history[0]);
  const { folded, gone, ...rest } = foldOf(pair, kept, past);
  const last = past.at(-1)?.entry ?? latestOf(rest.from, retirement);
  const untilMs =
    'seq' in asOf ? ((await readModel.entriesSince(pair, asOf.seq - 1, 1))[0]?.entry.atMs ?? last.atMs) : asOf.atMs;
  const keys: { [side: SideName]: RecordKey } = { ...(folded.keys as { [side: SideName]: RecordKey }) };
  // A record that we made ourselves is no reading: the delivery knows that it is there.
  for (const delivery of await readModel.entityDeliveries(pair, stored.id, deliveriesMax)) {
    const isMade = delivery.kind === 'create' && delivery.doneAtMs !== null && delivery.doneAtMs <= untilMs;
    if (isMade && !gone.includes(delivery.side)) keys[delivery.side] ??= key;
  }
  return {
    pair,
    entity: stored.id,
    seq: last.seq,
    atMs: untilMs,
    keys,
    gone,
    units: unitsOf({ folded, gone, ...rest }),
    entries: { before: past.length, since: history.length - past.length },
  };
}

/** The history up to a moment, which begins with what was kept of entries that were retired. */
function foldOf(pair: PairId, kept: StoredEntry | null, past: readonly StoredEntry[]): History {
  let history = kept?.payload == null ? emptyHistory : keptIn(kept.payload);
  for (const { entry, payload } of past) {
    if (payload === null) throw erased(pair);
    const next = takeEntry(history, entry, payload);
    if (typeof next === 'string') throw mismatch(pair, entry.seq, next);
    history = next;
  }
  return history;
}

/** The last entry that is still named, of those that were retired. */
function latestOf(
  from: History['from'],
  retirement: Retirement | null,
): { readonly seq: number; readonly atMs: number } {
  const end = { seq: (retirement?.cut ?? 1) - 1, atMs: retirement?.beforeMs ?? 0 };
  const named = Object.values(from).sort((one, other) => other.seq - one.seq);
  return named[0] ?? end;
}

function unitsOf({ folded, asked, from }: History): RecordAsOf['units'] {
  return (Object.keys(folded.values) as UnitName[]).map((unit) => ({
    unit,
    agreed: folded.values[unit] ?? null,
    asked: asked.includes(unit),
    from: from[unit] ?? null,
  }));
}

function notKnown({ pair, side, key }: RecordAsOfInput, first: StoredEntry | undefined): ParleyError {
  const since =
    first === undefined
      ? `Pair "${pair}" has never read a record ${side}:${key}.`
      : `Nothing was known of ${side}:${key} then: its history begins with entry ${first.entry.seq}.`;
  return new ParleyError('record.not_found', since, { hint: `parley record log ${side}:${key}` });
}

function erased(pair: PairId): ParleyError {
  return new ParleyError(
    'record.erased',
    `The values of this record of ${pair} were erased: nobody can read them again.`,
  );
}

function mismatch(pair: PairId, seq: number, what: string): ParleyError {
  return new ParleyError('ledger.mismatch', `Entry ${seq} of the ledger of ${pair} does not follow: ${what}.`, {
    hint: `parley ledger verify ${pair}`,
  });
}
