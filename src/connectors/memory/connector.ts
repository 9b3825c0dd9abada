import { ParleyError } from '../../core/errors.js';
import { type RecordKey, recordKey } from '../../core/ids.js';
import type {
  Announce,
  Connector,
  Fate,
  KeyPage,
  KeyRequest,
  NativeRecord,
  NativeWrite,
  ObjectDescription,
  ReadPage,
  ReadRequest,
  WriteOutcome,
} from '../../engine/connector.js';
import type { Fault, MemorySystem } from './system.js';

/** A pass shows what changed after `since` up to `upTo`, the version at which the pass began. */
type Cursor = { readonly since: number; readonly upTo: number | null };

/** The reference connector: what the port asks for, in the fewest words, on a system in this process. */
export function connectMemory(system: MemorySystem, names: { readonly object?: string } = {}): Connector {
  const object = names.object ?? 'memory';
  return {
    async describe(signal): Promise<ObjectDescription> {
      signal?.throwIfAborted();
      return description(system, object);
    },
    async read(request): Promise<ReadPage> {
      beforeRead(system, request.signal);
      return readPage(system, request);
    },
    async readByKeys(keys, signal): Promise<readonly NativeRecord[]> {
      beforeRead(system, signal);
      return keys.map((key) => system.get(key)).filter((record) => record !== null);
    },
    async listKeys({ after, limit, signal }: KeyRequest): Promise<KeyPage> {
      beforeRead(system, signal);
      const sorted = system.keys.toSorted(byBytes).filter((key) => after === null || byBytes(key, after) > 0);
      return { keys: sorted.slice(0, limit), more: sorted.length > limit };
    },
    async write(writes, signal, announce): Promise<readonly WriteOutcome[]> {
      signal?.throwIfAborted();
      if (announce !== undefined) return writeAnnounced(system, writes, announce);
      const fault = system.takeFault('before_effect', 'lost_response', 'late');
      if (fault?.kind === 'before_effect') throw unreachable('No write of the batch took effect.');
      return writes.map((write) => execute(system, write, fault));
    },
    async fateOf(mark): Promise<Fate> {
      if (system.forgetsFates) return 'unknown';
      return system.made.has(mark) ? 'made' : 'not_made';
    },
    close: () => Promise.resolve(),
  };
}

/** All of the batch or nothing: it is announced with what it would come to, and made if that is still so. */
async function writeAnnounced(
  system: MemorySystem,
  writes: readonly NativeWrite[],
  announce: Announce,
): Promise<readonly WriteOutcome[]> {
  const fault = system.takeFault('before_effect', 'lost_response');
  if (fault?.kind === 'before_effect') throw unreachable('No write of the batch took effect.');
  for (let attempt = 1; ; attempt += 1) {
    const before = system.version;
    const mark = `batch ${before}.${attempt}`;
    await announce(mark, system.wouldExecute(writes));
    if (system.takeFault('ended_before') !== undefined) throw new Error('The process ended.');
    // Others wait for the rows of a transaction; here they do not, and the batch is made anew after them.
    if (system.version !== before) continue;
    system.made.add(mark);
    const outcomes = writes.map((write) => system.execute(write));
    if (system.takeFault('ended_after') !== undefined) throw new Error('The process ended.');
    return fault === undefined ? outcomes : writes.map(() => ({ kind: 'unknown' }));
  }
}

function execute(system: MemorySystem, write: NativeWrite, fault: Fault | undefined): WriteOutcome {
  const spared = fault === undefined || ('keys' in fault && fault.keys?.includes(write.key) === false);
  if (spared) return system.execute(write);
  if (fault.kind === 'late') system.holdBack(write);
  else system.execute(write);
  return { kind: 'unknown' };
}

function readPage(system: MemorySystem, request: ReadRequest): ReadPage {
  const isOther = system.takeFault('other_history') !== undefined;
  const from: Cursor =
    request.cursor === null || isOther ? { since: 0, upTo: null } : (JSON.parse(request.cursor) as Cursor);
  if (from.since > system.version) {
    throw new ParleyError('connector.cursor_expired', 'The system is younger than the cursor: read from the start.');
  }
  const upTo = from.upTo ?? system.version;
  const changes = system.changes(from.since, upTo);
  const page = changes.slice(0, request.limit);
  const more = changes.length > page.length;
  const cursor: Cursor = more ? { since: page.at(-1)?.version ?? from.since, upTo } : { since: upTo, upTo: null };
  const records = page.map(({ key }) => system.get(key)).filter((record) => record !== null);
  const told = system.options.deletes !== 'listing';
  const deleted = told ? page.filter(({ key }) => system.get(key) === null).map(({ key }) => recordKey(key)) : [];
  const other = isOther ? { isOtherHistory: true as const } : {};
  return { records, deleted, setAside: [], cursor: JSON.stringify(cursor), more, ...other };
}

function beforeRead(system: MemorySystem, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
  if (system.takeFault('read') !== undefined) throw unreachable('The cursor stays where it was.');
}

function unreachable(safe: string): ParleyError {
  return new ParleyError('connector.unreachable', `The system did not answer. ${safe}`, { hint: 'Try again later.' });
}

function description(system: MemorySystem, object: string): ObjectDescription {
  const { key, fields, deletes = 'feed', remembersWrites = true } = system.options;
  return {
    object,
    fields: fields.map((name) => ({ name, type: 'text', writable: true, nullable: !key.includes(name) })),
    key,
    writeClass: 'W4',
    createClass: remembersWrites ? 'C3' : 'C2',
    reads: 'feed',
    deletes,
    fingerprint: `memory:${object}`,
  };
}

function byBytes(a: RecordKey, b: RecordKey): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
