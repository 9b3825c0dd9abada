import { assert } from '../../core/assert.js';
import type { AppendedEntries, Changes } from '../../engine/store.js';
import { pipelined, type Sql } from '../client.js';
import { closeConflicts, putConflicts } from './conflicts.js';
import { insertDeliveries, putIntents, updateDeliveryStates } from './deliveries.js';
import { insertEntries } from './ledger.js';
import { putKeptApart } from './kept-apart.js';
import { putTexts } from './match-texts.js';
import { putMatches } from './match-values.js';
import type { PairKeys } from './pair-keys.js';
import { updatePair } from './pairs.js';
import { insertPayloads } from './payloads.js';
import { deleteLinks, putLinks } from './record-links.js';
import { insertEntities, updateEntities } from './record-states.js';
import { deleteNames, insertNames } from './reference-names.js';
import { deleteWaits, insertWaits } from './reference-waits.js';
import { deleteRereads, insertRereads } from './rereads.js';
import { addToRun } from './runs.js';
import { deleteSetAside, putSetAside } from './set-aside-rows.js';

/** Above this many rows a list goes in several statements; pages are smaller. */
const rowsPerStatementMax = 10_000;

/**
 * Writes a page: one statement a list, sent one behind the other. What ends comes before what begins: a key may be
 * unlinked and linked anew, a question closed and asked again, in one page. Of rows that name the same thing the last
 * one counts.
 */
export async function commitChanges(sql: Sql, nowMs: number, changes: Changes, keys: PairKeys): Promise<void> {
  await pipelined(statementsOf(sql, nowMs, changes, keys));
}

type Statement = () => Promise<unknown>;

/** Each statement is made when its turn comes, while the database works on those before it. */
function* statementsOf(sql: Sql, nowMs: number, changes: Changes, keys: PairKeys): Generator<Statement> {
  const { pair, tick } = changes.pair;
  const at = { pair, tick, nowMs };
  const linkName = ({ side, key }: { side: string; key: string }) => `${side} ${key}`;
  yield* each(changes.unlinks, (chunk) => deleteLinks(sql, pair, chunk));
  const entities = changes.entities ?? [];
  yield* each(
    entities.filter(({ isNew }) => isNew),
    (chunk) => insertEntities(sql, at, chunk),
  );
  yield* each(
    entities.filter(({ isNew }) => !isNew),
    (chunk) => updateEntities(sql, at, chunk).then(({ count }) => requireAll(chunk, count)),
  );
  yield* each(lastByName(changes.links, linkName), (chunk) => putLinks(sql, pair, chunk));
  yield* each(changes.matches, (chunk) => putMatches(sql, pair, chunk, keys.digest));
  yield* each(
    lastByName(changes.texts, ({ side, entity, unit }) => `${side} ${entity} ${unit}`),
    (chunk) => putTexts(sql, pair, chunk),
  );
  yield* each(changes.keptApart, (chunk) => putKeptApart(sql, pair, chunk, keys.digest));
  yield* each(changes.deliveries, (chunk) => insertDeliveries(sql, pair, chunk));
  const { entries, head } = appended(changes);
  // Asks for the keys; the database adds the entries while the values are encrypted.
  yield* each(entries, (chunk) => insertPayloads(sql, pair, chunk, keys.wrapping));
  yield* each(entries, (chunk) => insertEntries(sql, pair, chunk));
  yield* each(changes.deliveryStates, (chunk) => updateDeliveryStates(sql, at, chunk));
  yield* each(
    lastByName(changes.intents, ({ delivery, entity }) => `${delivery} ${entity}`),
    (chunk) => putIntents(sql, pair, chunk),
  );
  yield* each(changes.closes, (chunk) => closeConflicts(sql, at, chunk));
  yield* each(
    lastByName(changes.conflicts, ({ entity, unit, kind }) => `${entity} ${unit ?? ''} ${kind}`),
    (chunk) => putConflicts(sql, at, chunk),
  );
  yield* each(changes.rereadsDone, (chunk) => deleteRereads(sql, pair, chunk));
  yield* each(changes.rereads, (chunk) => insertRereads(sql, pair, chunk));
  yield* each(changes.names?.of, (chunk) => deleteNames(sql, pair, chunk));
  yield* each(changes.names?.rows, (chunk) => insertNames(sql, pair, chunk));
  yield* each(changes.waits?.of, (chunk) => deleteWaits(sql, pair, chunk));
  yield* each(changes.waits?.rows, (chunk) => insertWaits(sql, pair, chunk));
  yield* each(changes.setAsideCleared, (chunk) => deleteSetAside(sql, pair, chunk));
  yield* each(
    lastByName(changes.setAside, ({ side, place }) => `${side} ${place}`),
    (chunk) => putSetAside(sql, at, chunk),
  );
  const { run } = changes;
  if (run !== undefined) yield () => addToRun(sql, at, run);
  yield () => updatePair(sql, { ...changes.pair, ledgerSize: head.size, ledgerPeaks: head.peaks });
}

function appended({ entries = [], pair }: Changes): AppendedEntries {
  if (typeof entries === 'function') return entries();
  return { entries, head: { size: pair.ledgerSize, peaks: pair.ledgerPeaks } };
}

function* each<Row>(
  rows: readonly Row[] | undefined,
  statement: (chunk: readonly Row[]) => Promise<unknown>,
): Generator<Statement> {
  for (const chunk of chunks(rows ?? [])) yield () => statement(chunk);
}

function* chunks<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += rowsPerStatementMax)
    yield rows.slice(from, from + rowsPerStatementMax);
}

/** A state that is changed is there: one that is not would be lost without a word. */
function requireAll(rows: readonly unknown[], count: number): void {
  assert(count === rows.length, `${rows.length} states were to be changed and ${count} were`);
}

function lastByName<Row>(rows: readonly Row[] | undefined, name: (row: Row) => string): readonly Row[] {
  if (rows === undefined || rows.length < 2) return rows ?? [];
  return [...new Map(rows.map((row) => [name(row), row])).values()];
}
