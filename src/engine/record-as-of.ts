import { ParleyError } from '../core/errors.js';
import type { PairId, RecordKey, SideName, UnitName } from '../core/ids.js';
import { sameJson, type Json } from '../core/json.js';
import { emptyFold, foldEntry, type Folded } from '../core/ledger/fold.js';
import type { EnginePorts, RecordAsOf, RecordAsOfInput } from './engine.js';
import { entityHistory } from './entity-history.js';
import type { StoredEntry } from './ledger-store.js';

const deliveriesMax = 1_000;

/**
 * What a record was, at a moment or after an entry, folded from its history alone (SPEC I17): the agreed values, who gave
 * them, and which sides had it.
 *
 * @throws ParleyError `record.not_found` when nothing was known of it by then, `record.erased`, `ledger.mismatch`
 */
export async function recordAsOf(ports: EnginePorts, input: RecordAsOfInput): Promise<RecordAsOf> {
  const { pair, side, key, asOf } = input;
  const { readModel } = ports;
  const stored = await readModel.entityByKey(pair, side, key);
  const history = stored === null ? [] : await entityHistory(readModel, pair, stored.id);
  const past = history.filter(({ entry }) => ('seq' in asOf ? entry.seq <= asOf.seq : entry.atMs <= asOf.atMs));
  const last = past.at(-1)?.entry;
  if (stored === null || last === undefined) throw notKnown(input, history[0]);
  const folding = new Folding(pair);
  for (const entry of past) folding.take(entry);
  const untilMs =
    'seq' in asOf ? ((await readModel.entriesSince(pair, asOf.seq - 1, 1))[0]?.entry.atMs ?? last.atMs) : asOf.atMs;
  const keys: { [side: SideName]: RecordKey } = { ...(folding.folded.keys as { [side: SideName]: RecordKey }) };
  // A record that we made ourselves is no reading: the delivery knows that it is there.
  for (const delivery of await readModel.entityDeliveries(pair, stored.id, deliveriesMax)) {
    const isMade = delivery.kind === 'create' && delivery.doneAtMs !== null && delivery.doneAtMs <= untilMs;
    if (isMade && !folding.gone.has(delivery.side)) keys[delivery.side] ??= key;
  }
  return {
    pair,
    entity: stored.id,
    seq: last.seq,
    atMs: untilMs,
    keys,
    gone: [...folding.gone],
    units: folding.units(),
    entries: { before: past.length, since: history.length - past.length },
  };
}

/** The fold of one entity, with who gave each value. */
class Folding {
  folded: Folded = emptyFold;
  readonly gone = new Set<SideName>();
  readonly #pair: PairId;
  readonly #from = new Map<UnitName, StoredEntry['entry']>();
  readonly #asked = new Set<UnitName>();

  constructor(pair: PairId) {
    this.#pair = pair;
  }

  take({ entry, payload }: StoredEntry): void {
    if (payload === null) throw erased(this.#pair);
    const folded = foldEntry(this.folded, entry, payload);
    if (typeof folded === 'string') throw mismatch(this.#pair, entry.seq, folded);
    this.folded = folded;
    if (entry.kind === 'deleted' && entry.side !== null) this.gone.add(entry.side);
    if (entry.kind === 'linked' && entry.side !== null) this.gone.delete(entry.side);
    for (const { unit, before, after, vvBefore } of payload.effects) {
      const isFirst = Object.keys(vvBefore).length === 0;
      if (isFirst || !sameJson(before, after)) this.#from.set(unit, entry);
      if (entry.kind === 'asked') this.#asked.add(unit);
      else this.#asked.delete(unit);
    }
  }

  units(): RecordAsOf['units'] {
    return (Object.keys(this.folded.values) as UnitName[]).map((unit) => {
      const from = this.#from.get(unit);
      const agreed: Json = this.folded.values[unit] ?? null;
      const blame =
        from === undefined
          ? null
          : {
              seq: from.seq,
              atMs: from.atMs,
              side: from.side,
              actor: from.actor,
              rule: from.rule,
              lo: from.lo,
              hi: from.hi,
            };
      return { unit, agreed, asked: this.#asked.has(unit), from: blame };
    });
  }
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
