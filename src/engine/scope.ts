import type { Absence } from '../core/absence.js';
import type { RecordKey } from '../core/ids.js';
import { scalarText } from '../core/mapping/mapping.js';
import type { ScopeCondition } from '../core/rules.js';
import type { Connector, NativeFields, NativeRecord, NativeWrite, ReadPage, WriteOutcome } from './connector.js';

/**
 * A connector whose records are those that the file means (`only:`). What is there and not meant is told as out of scope,
 * never as deleted. The conditions are compared here, as texts, so that every kind of system has them and nothing of a
 * file becomes part of a statement. Keys are listed as they are: a listing is a reason to look and no more.
 */
export function withScope(inner: Connector, only: readonly ScopeCondition[]): Connector {
  if (only.length === 0) return inner;
  const isMeant = ({ fields }: NativeRecord): boolean => only.every((condition) => holds(condition, fields));
  const isTold = ({ fields }: NativeRecord): boolean => only.every(({ field }) => fields[field] !== undefined);
  return {
    describe: (signal) => inner.describe(signal),
    close: () => inner.close(),
    ...(inner.fateOf === undefined
      ? {}
      : { fateOf: (mark, signal) => (inner.fateOf as NonNullable<Connector['fateOf']>)(mark, signal) }),
    listKeys: (request) => inner.listKeys(request),
    async read(request): Promise<ReadPage> {
      const page = await inner.read(request);
      // A feed may leave out what did not change; whether a record is meant is not guessed.
      const untold = page.records.filter((record) => !isTold(record)).map(({ key }) => key);
      const whole = untold.length === 0 ? [] : await inner.readByKeys(untold, request.signal);
      const judged = new Map(whole.map((record) => [record.key, isMeant(record)]));
      const meant = page.records.filter((record) => judged.get(record.key) ?? isMeant(record));
      const kept = new Set(meant);
      const absent = page.records.filter((record) => !kept.has(record));
      return {
        ...page,
        records: meant,
        absent: [...(page.absent ?? []), ...absent.map(({ key }) => ({ key, kind: 'out_of_scope' as const }))],
      };
    },
    async readByKeys(keys, signal): Promise<readonly NativeRecord[]> {
      return (await inner.readByKeys(keys, signal)).filter(isMeant);
    },
    async whereabouts(keys, signal): Promise<readonly Absence[]> {
      const found = await inner.readByKeys(keys, signal);
      // One that is there after all is no deleted one: the next reading shows it.
      const there = found.map(
        (record): Absence => ({ key: record.key, kind: isMeant(record) ? 'hidden' : 'out_of_scope' }),
      );
      const known = new Set<RecordKey>(there.map(({ key }) => key));
      const others = keys.filter((key) => !known.has(key));
      const told = others.length === 0 ? [] : await inner.whereabouts?.(others, signal);
      return [...there, ...(told ?? [])];
    },
    async write(writes, signal, announce): Promise<readonly WriteOutcome[]> {
      const outcomes = await inner.write(writes, signal, announce);
      return outcomes.map((outcome, index) => scoped(writes[index] as NativeWrite, outcome, isMeant));
    },
  };
}

/** A record that is not meant is not shown, also not as what a write ran into. */
function scoped(write: NativeWrite, outcome: WriteOutcome, isMeant: (record: NativeRecord) => boolean): WriteOutcome {
  if (outcome.kind !== 'stale' || outcome.record === null || isMeant(outcome.record)) return outcome;
  if (write.kind !== 'create') return { kind: 'stale', record: null };
  return {
    kind: 'refused',
    code: 'out_of_scope',
    message: 'A record with this key is there, and it is none of those that the file means.',
  };
}

function holds({ field, is, text }: ScopeCondition, fields: NativeFields): boolean {
  const value = fields[field] ?? null;
  const held = value === null ? '' : Array.isArray(value) ? JSON.stringify(value) : scalarText(value);
  return (held === text) === is;
}
