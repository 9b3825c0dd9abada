import { assert } from '../../core/assert.js';
import { keyOf, type RecordKey } from '../../core/ids.js';
import { sameJson } from '../../core/json.js';
import type { NativeFields, NativeRecord, NativeWrite, WriteOutcome } from '../../engine/connector.js';

/**
 * What can go wrong on the way to a system, once each. `before_effect`: the write fails and nothing happened.
 * `lost_response`: it happened, the answer did not arrive. `late`: no answer, and it happens at `runLate`.
 * `read`: a read of any kind fails. `other_history`: the system was put back, and the feed begins anew. `ended_before` and
 * `ended_after`: the process that writes an announced batch ends before or after its commit. Without `keys` a fault
 * strikes the whole batch.
 */
export type Fault =
  | { readonly kind: 'read' | 'before_effect' | 'other_history' | 'ended_before' | 'ended_after' }
  | { readonly kind: 'lost_response' | 'late'; readonly keys?: readonly RecordKey[] };

export type MemoryOptions = {
  readonly key: readonly string[];
  readonly fields: readonly string[];
  /** `feed` unless told: whether the feed tells deletes or keys must be compared. */
  readonly deletes?: 'feed' | 'listing';
  /** Whether a write is recognised by its idempotency key when it comes again; it is unless told. */
  readonly remembersWrites?: boolean;
  /** Whether the answer to a write shows what the system made of it; it does unless told. */
  readonly returnsRecords?: boolean;
};

type Row = { fields: NativeFields; version: number };

/**
 * A system of record that lives in this process: one object, versions that only rise, compare-and-set on fields.
 * Other users of the system call `put`, `edit` and `remove`; the connector has its own door.
 */
export class MemorySystem {
  readonly options: MemoryOptions;
  /** Fields that keep only their first characters, by name. */
  readonly truncated = new Map<string, number>();
  /** Records that the system will not have changed. */
  readonly refused = new Set<RecordKey>();
  /** Marks of batches that were announced and made, and whether nobody can be asked about them any more. */
  readonly made = new Set<string>();
  forgetsFates = false;
  readonly #rows = new Map<RecordKey, Row>();
  readonly #gone = new Map<RecordKey, number>();
  /** What each write that was done left, by idempotency key. */
  readonly #done = new Map<string, NativeRecord | null>();
  #faults: Fault[] = [];
  #late: NativeWrite[] = [];
  #version = 0;
  #writes = 0;

  constructor(options: MemoryOptions) {
    this.options = options;
  }

  /** Counts every change that a connector made; a write that came twice must not raise it twice. */
  get writesDone(): number {
    return this.#writes;
  }

  get version(): number {
    return this.#version;
  }

  get keys(): readonly RecordKey[] {
    return [...this.#rows.keys()];
  }

  /** Makes or replaces whole records. */
  put(...records: readonly NativeFields[]): void {
    for (const fields of records) {
      this.#store(keyOf(this.options.key.map((name) => partOf(fields, name))), fields);
    }
  }

  edit(key: RecordKey, fields: NativeFields): void {
    const row = this.#rows.get(key);
    if (row !== undefined) this.#store(key, { ...row.fields, ...fields });
  }

  remove(key: RecordKey): void {
    if (this.#rows.delete(key)) this.#gone.set(key, (this.#version += 1));
  }

  get(key: RecordKey): NativeRecord | null {
    const row = this.#rows.get(key);
    return row === undefined ? null : { key, fields: row.fields, token: String(row.version) };
  }

  /** Records and deletes whose last change is in (after, upTo], oldest change first. */
  changes(after: number, upTo: number): readonly { readonly key: RecordKey; readonly version: number }[] {
    const live = [...this.#rows].map(([key, row]) => ({ key, version: row.version }));
    const gone = [...this.#gone].map(([key, version]) => ({ key, version }));
    return [...live, ...gone]
      .filter(({ version }) => version > after && version <= upTo)
      .sort((a, b) => a.version - b.version);
  }

  inject(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Takes the oldest waiting fault of these kinds. */
  takeFault(...kinds: readonly Fault['kind'][]): Fault | undefined {
    const fault = this.#faults.find(({ kind }) => kinds.includes(kind));
    this.#faults = this.#faults.filter((waiting) => waiting !== fault);
    return fault;
  }

  holdBack(write: NativeWrite): void {
    this.#late.push(write);
  }

  /** Lets the writes that were held back happen now, under the precondition they carry. */
  runLate(): readonly WriteOutcome[] {
    const late = this.#late;
    this.#late = [];
    return late.map((write) => this.execute(write));
  }

  execute(write: NativeWrite): WriteOutcome {
    const { key } = write;
    const present = this.get(key);
    const { returnsRecords = true } = this.options;
    const done = this.#done.get(write.idempotencyKey);
    if (done !== undefined) return { kind: 'accepted', record: returnsRecords ? done : null };
    if (this.refused.has(key)) return { kind: 'refused', code: 'refused', message: 'The system refuses this record.' };
    if (write.kind === 'create' ? present !== null : present === null || !holds(present, write)) {
      return { kind: 'stale', record: present };
    }
    if (write.kind === 'delete') this.remove(key);
    else this.#store(key, { ...this.#blank(), ...present?.fields, ...write.fields });
    if (this.options.remembersWrites !== false) this.#done.set(write.idempotencyKey, this.get(key));
    this.#writes += 1;
    return { kind: 'accepted', record: returnsRecords ? this.get(key) : null };
  }

  /** What a batch would come to now; nothing is made. */
  wouldExecute(writes: readonly NativeWrite[]): readonly WriteOutcome[] {
    const trial = new MemorySystem(this.options);
    for (const [name, charactersMax] of this.truncated) trial.truncated.set(name, charactersMax);
    for (const key of this.refused) trial.refused.add(key);
    for (const [key, row] of this.#rows) trial.#rows.set(key, { ...row });
    for (const [name, done] of this.#done) trial.#done.set(name, done);
    trial.#version = this.#version;
    return writes.map((write) => trial.execute(write));
  }

  #store(key: RecordKey, fields: NativeFields): void {
    const kept = Object.entries(fields).map(([name, value]) => {
      const charactersMax = this.truncated.get(name);
      return [name, typeof value === 'string' && charactersMax !== undefined ? value.slice(0, charactersMax) : value];
    });
    this.#gone.delete(key);
    this.#rows.set(key, { fields: Object.fromEntries(kept) as NativeFields, version: (this.#version += 1) });
  }

  #blank(): NativeFields {
    return Object.fromEntries(this.options.fields.map((name) => [name, null]));
  }
}

function partOf(fields: NativeFields, name: string): string {
  const part = fields[name];
  assert(typeof part === 'string', `the key field ${name} of a record in memory must be text`);
  return part;
}

/** Without expected values the token is the precondition, as everywhere. */
function holds(present: NativeRecord, { expect, token }: NativeWrite): boolean {
  const expected = Object.entries(expect);
  if (expected.length === 0) return token === null || token === present.token;
  return expected.every(([name, value]) => sameJson(present.fields[name] ?? null, value));
}
