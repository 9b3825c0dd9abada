import { connectMemory } from '../../src/connectors/memory/connector.js';
import type { MemorySystem } from '../../src/connectors/memory/system.js';
import { ParleyError } from '../../src/core/errors.js';
import type { RecordKey } from '../../src/core/ids.js';
import type {
  Announce,
  Connector,
  NativeRecord,
  NativeWrite,
  ReadPage,
  WriteOutcome,
} from '../../src/engine/connector.js';
import { fieldsOf } from './options.js';
import type { FaultQueue } from './faults.js';
import type { Sighting } from './sighting.js';
import type { Carried, SimSystem } from './system.js';
import type { Task } from './task.js';

export type Watch = {
  /** The hub was shown a record. */
  seen(sighting: Sighting): void;
  /** What the hub says that a write carries, and whether it may be sent at all. */
  carried(side: string, write: NativeWrite): Carried;
};

type Parts = {
  readonly system: SimSystem;
  readonly task: Pick<Task, 'pause'>;
  readonly faults: FaultQueue;
  readonly watch: Watch;
  /** Whether the system can say what became of a record that it does not show. */
  readonly tells: boolean;
};

/**
 * The door of a simulated system for one worker. Reading goes through the reference connector of the product, so that
 * its paging and cursors are under test too; what the profile and the faults take away is taken from its answers.
 */
export function simConnector(parts: Parts): Connector {
  const { system, task, faults } = parts;
  const reader = connectMemory(readable(system));
  const before = async (label: string): Promise<void> => {
    await task.pause(`${system.options.name} ${label}`);
    if (faults.take(system.options.name, 'read') !== null) throw unreachable('The cursor stays where it was.');
  };
  const show = (record: NativeRecord, fields = record.fields): NativeRecord => {
    const row = system.row(record.key);
    if (row !== null)
      parts.watch.seen({ side: system.options.name, key: record.key, fields, registers: row.registers });
    return { ...record, fields };
  };
  return {
    mayComeLate: system.options.write === 'W0' || system.options.write === 'W1',
    describe: async () => ({
      ...(await reader.describe()),
      writeClass: system.options.write,
      reads: system.options.reads,
      deletes: system.options.deletes,
    }),
    async read(request) {
      await before('read');
      if (request.cursor !== null && faults.take(system.options.name, 'expire') !== null)
        throw new ParleyError('connector.cursor_expired', 'The cursor is too old. Read from the start.');
      const page = await readPage(parts, reader, request.cursor, request.limit);
      const shown = page.records.map((record) => show(record, seenFields(system, record, request.cursor)));
      const answer = { ...page, records: shown };
      await task.pause(`${system.options.name} read answered`);
      return answer;
    },
    async readByKeys(keys) {
      await before('read by keys');
      const records = (await reader.readByKeys(keys)).map((record) => show(record));
      await task.pause(`${system.options.name} read by keys answered`);
      return records;
    },
    ...(parts.tells
      ? {
          whereabouts: async (keys) => {
            await before('whereabouts');
            const absences = keys.flatMap((key) => system.whereabouts(key) ?? []);
            await task.pause(`${system.options.name} whereabouts answered`);
            return absences;
          },
        }
      : {}),
    async listKeys(request) {
      await before('list');
      const page = await reader.listKeys(request);
      await task.pause(`${system.options.name} list answered`);
      // An index that lags behind its records: some that are there are not listed.
      const isLagging = faults.take(system.options.name, 'unlisted') !== null;
      return isLagging ? { ...page, keys: page.keys.slice(1) } : page;
    },
    write: (writes, _signal, announce) =>
      announce === undefined ? writeBatch(parts, writes, show) : writeAnnounced(parts, writes, { announce, show }),
    async fateOf(mark) {
      await before('fate');
      const left = system.state.made.get(mark);
      // Who hears that it was made is shown what it left.
      for (const sighting of left ?? []) parts.watch.seen(sighting);
      if (left !== undefined) return 'made';
      // Whoever is still at it is ended, so that the answer is final.
      system.state = { ...system.state, ended: new Set(system.state.ended).add(mark) };
      return 'not_made';
    },
    close: () => Promise.resolve(),
  };
}

/** The reference connector asks of a system only what ours has too. */
function readable(system: SimSystem): MemorySystem {
  const shape: Pick<MemorySystem, 'options' | 'version' | 'keys' | 'get' | 'changes' | 'takeFault'> = {
    options: system.options,
    get version() {
      return system.version;
    },
    get keys() {
      return system.keys;
    },
    get: (key) => system.get(key),
    changes: (after, upTo) => system.changes(after, upTo),
    takeFault: () => undefined,
  };
  return shape as MemorySystem;
}

/** A system that cannot say what changed is read from the first record in each pass. */
async function readPage(parts: Parts, reader: Connector, cursor: string | null, limit: number): Promise<ReadPage> {
  const { system } = parts;
  if (system.options.reads === 'feed')
    return reader.read({ cursor: underLife(system, cursor), limit }).then(withLife(system, cursor));
  const inner = cursor === null || !cursor.startsWith('page ') ? null : cursor.slice('page '.length);
  const page = await reader.read({ cursor: inner, limit });
  return { ...page, deleted: [], cursor: page.more ? `page ${page.cursor}` : `whole ${system.version}` };
}

/** `from`: where a pass of several pages began, until a pass after it is over. */
type SimCursor = { readonly life: number; readonly inner: string; readonly from?: number };
type Place = { readonly since: number; readonly upTo: number | null };

/** A cursor of before the restore leads nowhere. */
function underLife(system: SimSystem, cursor: string | null): string | null {
  if (cursor === null) return null;
  const { life, inner } = JSON.parse(cursor) as SimCursor;
  if (life !== system.state.life)
    throw new ParleyError('connector.cursor_expired', 'The system is younger than the cursor: read from the start.');
  return inner;
}

const withLife =
  (system: SimSystem, cursor: string | null) =>
  (page: ReadPage): ReadPage => {
    const { upTo, from } = placeOf(cursor);
    const isWhole = upTo === null && !page.more;
    const next: SimCursor = {
      life: system.state.life,
      inner: page.cursor,
      ...(isWhole ? {} : { from }),
    };
    return { ...page, cursor: JSON.stringify(next) };
  };

function placeOf(cursor: string | null): Place & { readonly from: number } {
  if (cursor === null) return { since: 0, upTo: null, from: 0 };
  const { inner, from } = JSON.parse(cursor) as SimCursor;
  const place = JSON.parse(inner) as Place;
  return { ...place, from: from ?? place.since };
}

/**
 * A sparse feed shows only what changed since the cursor. What moved on while a pass was under way was not on its pages, so
 * the next pass shows what changed since that one began: a feed that left it out would have lost a change.
 */
function seenFields(system: SimSystem, record: NativeRecord, cursor: string | null): NativeRecord['fields'] {
  const row = system.row(record.key);
  if (!system.options.sparse || system.options.reads !== 'feed' || cursor === null || row === null)
    return record.fields;
  const { from, upTo } = placeOf(cursor);
  // Only the first page of a pass still knows where the pass began.
  if (upTo !== null) return record.fields;
  // A group is one thing: who shows one member of it shows all of them.
  const shown = new Set(
    system.units.filter((unit) => fieldsOf(unit).some((name) => (row.changed[name] ?? 0) > from)).flatMap(fieldsOf),
  );
  const kept = Object.entries(record.fields).filter(([name]) => name === 'id' || shown.has(name));
  return Object.fromEntries(kept);
}

function unreachable(safe: string): ParleyError {
  return new ParleyError('connector.unreachable', `The system did not answer. ${safe}`, { hint: 'Try again later.' });
}

/** A batch, write by write: other users of the system come in between, and the way there and back may fail. */
async function writeBatch(
  { system, task, faults, watch }: Parts,
  writes: readonly NativeWrite[],
  show: (record: NativeRecord) => NativeRecord,
): Promise<readonly WriteOutcome[]> {
  const { name, write: kind } = system.options;
  const batch = writes.map((write) => watch.carried(name, write));
  await task.pause(`${name} write`);
  const fault = faults.take(name, 'lost request', 'lost response', 'late', 'partial');
  if (fault?.kind === 'lost request') throw unreachable('No write of the batch took effect.');
  if (fault?.kind === 'late') {
    system.state = { ...system.state, late: [...system.state.late, ...batch] };
    return writes.map(() => ({ kind: 'unknown' }));
  }
  const outcomes: WriteOutcome[] = [];
  for (const [index, carried] of batch.entries()) {
    if (fault?.kind === 'partial' && index >= fault.after) {
      outcomes.push({ kind: 'unknown' });
      continue;
    }
    if (index > 0) await task.pause(`${name} next write`);
    const objection = system.objection(carried);
    // Read, verify, write: what happens between the look and the write is not seen.
    if (objection === null && kind === 'W1') await task.pause(`${name} verified`);
    const outcome = objection ?? system.effect(carried);
    if ('record' in outcome && outcome.record !== null) show(outcome.record);
    outcomes.push(outcome);
  }
  await task.pause(`${name} written`);
  if (fault?.kind === 'lost response') return writes.map(() => ({ kind: 'unknown' }));
  return outcomes;
}

function sightingOf(system: SimSystem, key: RecordKey): Sighting | null {
  const row = system.row(key);
  return row === null ? null : { side: system.options.name, key, fields: row.fields, registers: row.registers };
}

/** A batch in one transaction: announced with what it comes to, then made as a whole or not at all. */
async function writeAnnounced(
  { system, task, faults, watch }: Parts,
  writes: readonly NativeWrite[],
  { announce, show }: { readonly announce: Announce; readonly show: (record: NativeRecord) => NativeRecord },
): Promise<readonly WriteOutcome[]> {
  const { name } = system.options;
  const batch = writes.map((write) => watch.carried(name, write));
  await task.pause(`${name} write`);
  const fault = faults.take(name, 'lost request', 'lost response');
  if (fault?.kind === 'lost request') throw unreachable('No write of the batch took effect.');
  for (;;) {
    const { version } = system;
    const mark = `batch ${system.state.announced}`;
    system.state = { ...system.state, announced: system.state.announced + 1 };
    await announce(
      mark,
      batch.map((carried) => system.would(carried)),
    );
    await task.pause(`${name} announced`);
    if (system.state.ended.has(mark)) throw unreachable('The transaction was ended: nothing of the batch took effect.');
    // Other users of the rows wait for a transaction; here they do not, and the batch is made anew after them.
    if (system.version !== version) continue;
    const outcomes = batch.map((carried) => system.execute(carried));
    const left = batch.flatMap(({ write: { key } }) => sightingOf(system, key) ?? []);
    system.state = { ...system.state, made: new Map(system.state.made).set(mark, left) };
    for (const outcome of outcomes) if ('record' in outcome && outcome.record !== null) show(outcome.record);
    await task.pause(`${name} written`);
    return fault === null || fault === undefined ? outcomes : writes.map(() => ({ kind: 'unknown' }));
  }
}
