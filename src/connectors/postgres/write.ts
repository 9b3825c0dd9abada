import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '../../core/assert.js';
import { ParleyError } from '../../core/errors.js';
import type { RecordKey } from '../../core/ids.js';
import type { Announce, NativeRecord, NativeWrite, WriteOutcome } from '../../engine/connector.js';
import type { Client, Session, TextRow } from './client.js';
import { type Attempt, type Numbered, passOn } from './exchange.js';
import { failureCode, failureKind, refusalOf } from './failures.js';
import { type Located, locate } from './keys.js';
import { textOf } from './sql-text.js';
import { columnOf, recordOf, type Table } from './table.js';
import { inTransaction, type TransactionOptions } from './transaction.js';
import { type Shape, shapeOf, statementOf } from './write-statements.js';

/** Rows of one statement: more would only make its parameters larger. */
const statementRowsMax = 5_000;
const attemptsMax = 3;
const attemptPauseMs = 100;

type Outcomes = Map<number, WriteOutcome>;
/** Outcomes by position, and created records that no write has recognised as its own yet. */
type Progress = { readonly outcomes: Outcomes; readonly unclaimed: Map<RecordKey, NativeRecord> };

/**
 * Writes a batch in one transaction, with as many statements as the batch has shapes, each with its precondition
 * inside. When the database refuses a row, the batch is done again in halves, so that only refused rows are left out;
 * unique values that rows pass on among themselves are passed on.
 * Throws what the driver throws, and only when nothing took effect.
 */
export async function writeBatch(
  client: Client,
  table: Table,
  writes: readonly NativeWrite[],
  signal: AbortSignal | undefined,
  announce?: Announce,
): Promise<readonly WriteOutcome[]> {
  const numbered = writes.map((write, position) => ({ position, write }));
  const filledIn: Outcomes = new Map();
  for (const { position, write } of numbered) {
    const refusal = refusedByForm(table, write);
    if (refusal !== null) filledIn.set(position, refusal);
  }
  const rest = numbered.filter(({ position }) => !filledIn.has(position));
  const inOrder = (made: Outcomes): readonly WriteOutcome[] =>
    numbered.map(({ position }) => {
      const outcome = filledIn.get(position) ?? made.get(position);
      assert(outcome !== undefined, 'every write has an outcome');
      return outcome;
    });
  const tell = announce && ((mark: string, made: Outcomes) => announce(mark, inOrder(made)));
  return inOrder(rest.length === 0 ? new Map() : await attempts(client, table, rest, { signal, announce: tell }));
}

/** A deadlock is nobody's fault and took nothing with it: the batch is tried again at once. */
async function attempts(
  client: Client,
  table: Table,
  writes: readonly Numbered[],
  rest: Pick<TransactionOptions<Outcomes>, 'signal' | 'announce'>,
): Promise<Outcomes> {
  const options = { identity: table.identity, inDoubt, ...rest };
  for (let attempt = 1, work = writeTogether; ; ) {
    try {
      const chosen = work;
      return await inTransaction(client, (session) => chosen(session, table, writes), options);
    } catch (error) {
      if (failureKind(error) === 'row' && work === writeTogether) work = writeInHalves;
      else if (failureCode(error).startsWith('40') && attempt < attemptsMax) attempt += 1;
      else throw error;
      await wait(attempt === 1 ? 0 : attemptPauseMs * attempt);
    }
  }
}

/** What was to be written may be written or not; what was seen to be stale or refused is certain all the same. */
function inDoubt(outcomes: Outcomes): Outcomes {
  const unknown: WriteOutcome = { kind: 'unknown' };
  return new Map(
    [...outcomes].map(([position, outcome]) => [position, outcome.kind === 'accepted' ? unknown : outcome]),
  );
}

/** Columns that are gone stop the batch; columns that the server fills itself refuse the row. */
function refusedByForm(table: Table, write: NativeWrite): WriteOutcome | null {
  for (const name of [...Object.keys(write.fields), ...Object.keys(write.expect)]) {
    const column = columnOf(table, name);
    if (column === undefined) {
      throw new ParleyError(
        'connector.schema_changed',
        `${table.place.object} has no column "${name}" any more. Nothing of the batch was written.`,
        { hint: 'Compare the fields of the pair with the columns of the table, then plan again.' },
      );
    }
    if (column.isFilledByServer && name in write.fields) {
      return { kind: 'refused', code: '428C9', message: `the database fills the column itself (column ${name})` };
    }
  }
  return null;
}

async function writeTogether(session: Session, table: Table, writes: readonly Numbered[]): Promise<Outcomes> {
  const progress = await apply(session, table, writes);
  // A constraint that would be checked at the commit is checked now, while the rows can still be told apart.
  await session.query('set constraints all immediate');
  return finish(session, table, writes, progress);
}

async function writeInHalves(session: Session, table: Table, writes: readonly Numbered[]): Promise<Outcomes> {
  const progress: Progress = { outcomes: new Map(), unclaimed: new Map() };
  const attempt: Attempt = (...steps) =>
    refusalIn(session, async () => {
      let done: Progress = { outcomes: new Map(), unclaimed: new Map() };
      for (const step of steps) done = await apply(session, table, step);
      await session.query('set constraints all immediate');
      for (const [position, outcome] of done.outcomes) progress.outcomes.set(position, outcome);
      for (const [key, record] of done.unclaimed) progress.unclaimed.set(key, record);
    });
  const isolate = async (piece: readonly Numbered[]): Promise<void> => {
    const refusal = await attempt(piece);
    const [first] = piece;
    if (refusal === null || first === undefined) return;
    if (piece.length === 1) {
      progress.outcomes.set(first.position, { kind: 'refused', ...refusalOf(refusal) });
      return;
    }
    const middle = Math.ceil(piece.length / 2);
    await isolate(piece.slice(0, middle));
    await isolate(piece.slice(middle));
  };
  await isolate(writes);
  await passOn(table, writes, progress.outcomes, attempt);
  return finish(session, table, writes, progress);
}

/** Runs the work; when the database refuses a row of it, the work is undone and the refusal returned. */
async function refusalIn(session: Session, work: () => Promise<void>): Promise<Error | null> {
  await session.query('savepoint piece');
  let refusal: Error | null = null;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || failureKind(error) !== 'row') throw error;
    refusal = error;
    await session.query('rollback to savepoint piece');
  }
  await session.query('release savepoint piece');
  return refusal;
}

/** Makes the writes, shape by shape. What is missing from the outcomes was not written. */
async function apply(session: Session, table: Table, writes: readonly Numbered[]): Promise<Progress> {
  const progress: Progress = { outcomes: new Map(), unclaimed: new Map() };
  for (const { shape, members } of groupsOf(writes)) {
    for (let from = 0; from < members.length; from += statementRowsMax) {
      const part = members.slice(from, from + statementRowsMax);
      const { text, parameters } = statementOf(
        table,
        shape,
        part.map(({ write }) => write),
      );
      const rows = await session.query(text, parameters);
      if (shape.kind === 'create') acceptCreated(table, part, rows, progress);
      else acceptChanged(table, part, rows, progress);
    }
  }
  return progress;
}

/** A second write of the same record goes into a later statement, where it finds what the first one left. */
function groupsOf(writes: readonly Numbered[]): readonly { readonly shape: Shape; readonly members: Numbered[] }[] {
  const groups = new Map<string, { readonly shape: Shape; readonly members: Numbered[] }>();
  const turns = new Map<string, number>();
  for (const numbered of writes) {
    const { key } = numbered.write;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    const shape = shapeOf(numbered.write);
    const name = JSON.stringify([turn, shape]);
    const group = groups.get(name) ?? { shape, members: [] };
    group.members.push(numbered);
    groups.set(name, group);
  }
  return [...groups.values()];
}

function acceptChanged(table: Table, part: readonly Numbered[], rows: readonly TextRow[], progress: Progress): void {
  for (const row of rows) {
    const numbered = part[Number(row[0]) - 1];
    assert(numbered !== undefined, 'a changed row belongs to a write');
    const record = numbered.write.kind === 'delete' ? null : recordOf(table, row, 1);
    progress.outcomes.set(numbered.position, { kind: 'accepted', record });
  }
}

/** An insert returns no position; a record whose key the database writes differently is claimed when it is found. */
function acceptCreated(table: Table, part: readonly Numbered[], rows: readonly TextRow[], progress: Progress): void {
  const created = new Map(rows.map((row) => recordOf(table, row, 1)).map((record) => [record.key, record]));
  for (const { position, write } of part) {
    const record = created.get(write.key);
    if (record === undefined) continue;
    created.delete(write.key);
    progress.outcomes.set(position, { kind: 'accepted', record });
  }
  for (const [key, record] of created) progress.unclaimed.set(key, record);
}

/** Answers for the writes that were not made with the record as it is now, in the same transaction. */
async function finish(
  session: Session,
  table: Table,
  writes: readonly Numbered[],
  { outcomes, unclaimed }: Progress,
): Promise<Outcomes> {
  const missed = writes.filter(({ position }) => !outcomes.has(position));
  const present = await recordsOf(session, table, missed);
  const dropped: Numbered[] = [];
  for (const numbered of missed) {
    const { position, write } = numbered;
    const record = present.get(position) ?? null;
    if (record !== null && write.kind === 'create' && unclaimed.delete(record.key)) {
      outcomes.set(position, { kind: 'accepted', record });
    } else if (record !== null && write.kind !== 'create' && stillHolds(record, write)) dropped.push(numbered);
    else outcomes.set(position, { kind: 'stale', record });
  }
  if (dropped.length > 0) await retryDropped(session, table, dropped, outcomes);
  if (table.imagesChangeLater) await takeFinalImages(session, table, writes, outcomes);
  return outcomes;
}

/**
 * A change that was not made although its precondition holds: somebody changed the row to and fro meanwhile, or a
 * trigger or a policy drops the change without a word. The second attempt tells which.
 */
async function retryDropped(
  session: Session,
  table: Table,
  dropped: readonly Numbered[],
  outcomes: Outcomes,
): Promise<void> {
  const again = await apply(session, table, dropped);
  for (const { position } of dropped) {
    outcomes.set(position, again.outcomes.get(position) ?? { kind: 'refused', ...droppedSilently });
  }
}

const droppedSilently = {
  code: '02000',
  message: 'a trigger or a policy of the table drops the change without an error',
};

function stillHolds(record: NativeRecord, { expect, token }: NativeWrite): boolean {
  const expected = Object.entries(expect);
  if (expected.length === 0) return token === null || token === record.token;
  return expected.every(
    ([name, value]) => name in record.fields && textOf(record.fields[name] ?? null) === textOf(value),
  );
}

/** Triggers that run after a row was written may change it once more. */
async function takeFinalImages(
  session: Session,
  table: Table,
  writes: readonly Numbered[],
  outcomes: Outcomes,
): Promise<void> {
  const kept = writes.filter(
    ({ position, write }) => write.kind !== 'delete' && outcomes.get(position)?.kind === 'accepted',
  );
  const images = await recordsOf(session, table, kept);
  for (const { position } of kept) outcomes.set(position, { kind: 'accepted', record: images.get(position) ?? null });
}

async function recordsOf(
  session: Session,
  table: Table,
  writes: readonly Numbered[],
): Promise<ReadonlyMap<number, NativeRecord>> {
  if (writes.length === 0) return new Map();
  const keys = writes.map(({ write }) => write.key);
  let located: readonly Located[] = [];
  const refusal = await refusalIn(session, async () => {
    located = await locate(session, table, keys);
  });
  if (refusal !== null) located = await locate(session, table, keys, 'text');
  return new Map(located.map(({ position, record }) => [writes[position]?.position ?? -1, record]));
}
