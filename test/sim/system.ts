import type { Absence } from '../../src/core/absence.js';
import type { Json } from '../../src/core/json.js';
import { sameJson } from '../../src/core/json.js';
import type { RecordKey } from '../../src/core/ids.js';
import type { NativeFields, NativeRecord, NativeWrite, WriteOutcome } from '../../src/engine/connector.js';
import { fieldsOf, type SideOptions, type UnitOptions } from './options.js';
import { usedAgain } from './lineage.js';
import type { Sighting } from './sighting.js';
import { holds, normal } from './stored.js';
import {
  absorbed,
  canonical,
  confirmedBy,
  misled,
  type Register,
  rawOf,
  thousandths,
  untouched,
  type Want,
} from './truth.js';

export type Row = {
  readonly fields: NativeFields;
  readonly version: number;
  /** The version in which each field changed last. */
  readonly changed: { readonly [field: string]: number };
  readonly registers: { readonly [unit: string]: Register };
  /** The system's own mark of when the record was made. */
  readonly made: string;
};

/** A record that was deleted, as it was then. */
export type Gone = Pick<Row, 'version' | 'fields' | 'registers'>;

/** A write on its way, with what the hub says that it carries: by unit, the version's true history and its authors. */
export type Carried = {
  readonly write: NativeWrite;
  readonly units: { readonly [unit: string]: Pick<Register, 'history' | 'proven' | 'authors'> };
  readonly entity: number;
  /** The hub's delivery that it belongs to. */
  readonly delivery: number;
  /** The records of that entity, as `side/key`, when it was sent. */
  readonly kin: readonly string[];
  /** The agreed values when it was sent. */
  readonly agreed: { readonly [unit: string]: Json };
};

/** What a system is, as a value. */
export type SystemState = {
  readonly rows: ReadonlyMap<RecordKey, Row>;
  readonly gone: ReadonlyMap<RecordKey, Gone>;
  /** What each write that was done left, by idempotency key: who asks again is told the same. */
  readonly done: ReadonlyMap<string, NativeRecord | null>;
  readonly late: readonly Carried[];
  readonly refusing: ReadonlySet<RecordKey>;
  readonly version: number;
  /** Rises when a copy of yesterday takes its place: tokens of before say nothing then. */
  readonly life: number;
  readonly automated: number;
  /** Marks of announced batches that were made, with what they left, and of those that were ended before that. */
  readonly made: ReadonlyMap<string, readonly Sighting[]>;
  readonly ended: ReadonlySet<string>;
  readonly announced: number;
  /** Records that were merged into others. */
  readonly merged: ReadonlyMap<RecordKey, RecordKey>;
  /** The same of records whose key was used again since: nobody can tell of these merges any more. */
  readonly mergedBefore: readonly (readonly [RecordKey, RecordKey])[];
  /** Records that are there and not shown. */
  readonly veiled: ReadonlyMap<RecordKey, 'hidden' | 'out_of_scope'>;
};

export type Effect = {
  readonly side: string;
  readonly carried: Carried;
  readonly before: Row | null;
  readonly after: Row | null;
};

/** What the system tells the checker about what happens in it. */
export type Witness = {
  effect(effect: Effect): void;
  /** Whether the hub has looked for the write and given it up. */
  isLate(side: string, carried: Carried): boolean;
  /** A write was taken, and nothing of a unit changed. */
  vain(side: string, carried: Carried): void;
  /** The system's own rule changes a field; the answer is the register as it is then. */
  automation(side: string, key: RecordKey, unit: UnitOptions, raw: Json, before: Register): Register;
};

/** One system of record, with a profile. People use `set`, `create` and `remove`; the hub's writes come through `execute`. */
export class SimSystem {
  readonly options: SideOptions & { readonly key: readonly string[]; readonly fields: readonly string[] };
  readonly units: readonly UnitOptions[];
  readonly witness: Witness;
  state: SystemState = {
    rows: new Map(),
    gone: new Map(),
    done: new Map(),
    late: [],
    refusing: new Set(),
    version: 0,
    life: 1,
    automated: 0,
    made: new Map(),
    ended: new Set(),
    announced: 0,
    merged: new Map(),
    mergedBefore: [],
    veiled: new Map(),
  };

  constructor(options: SideOptions, units: readonly UnitOptions[], witness: Witness) {
    this.options = { ...options, key: ['id'], fields: ['id', ...units.flatMap(fieldsOf)] };
    this.units = units;
    this.witness = witness;
  }

  get version(): number {
    return this.state.version;
  }

  get keys(): readonly RecordKey[] {
    return [...this.state.rows.keys()].filter((key) => !this.state.veiled.has(key));
  }

  row(key: RecordKey): Row | null {
    return this.state.rows.get(key) ?? null;
  }

  get(key: RecordKey): NativeRecord | null {
    const row = this.row(key);
    if (row === null || this.state.veiled.has(key)) return null;
    const { made } = this.options;
    const fields = made === undefined ? row.fields : { ...row.fields, made: made === 'kept' ? key : row.made };
    return { key, fields, token: this.tokenOf({ ...row, fields }) };
  }

  /** Records and deletes whose last change is in (after, upTo], oldest change first. */
  changes(after: number, upTo: number): readonly { readonly key: RecordKey; readonly version: number }[] {
    const live = [...this.state.rows].map(([key, row]) => ({ key, version: row.version }));
    const gone = [...this.state.gone].map(([key, { version }]) => ({ key, version }));
    return [...live, ...gone]
      .filter(({ version }) => version > after && version <= upTo)
      .sort((a, b) => a.version - b.version);
  }

  /** The registers that a record had, also when it is gone: one record under one key is one history. */
  registersOf(key: RecordKey): Row['registers'] {
    return this.row(key)?.registers ?? this.state.gone.get(key)?.registers ?? {};
  }

  /** Stores fields as the system keeps them, with the registers that the caller gives. */
  store(key: RecordKey, fields: NativeFields, registers: Row['registers']): Row {
    const before = this.row(key);
    const version = this.state.version + 1;
    const kept: { [field: string]: Json } = { ...before?.fields };
    const changed: { [field: string]: number } = { ...before?.changed };
    for (const name of this.options.fields) {
      const value = name in fields ? normal(this, name, fields[name] ?? null) : (kept[name] ?? null);
      if (before === null || !sameJson(value, kept[name] ?? null)) changed[name] = version;
      kept[name] = value;
    }
    const settled = Object.fromEntries(
      this.units.map((unit) => [
        unit.name,
        absorbed(unit, registers[unit.name] ?? before?.registers[unit.name] ?? untouched, rawOf(unit, kept)),
      ]),
    );
    const made = before?.made ?? `${this.state.life}.${version}`;
    const row: Row = { fields: kept, version, changed, registers: settled, made };
    const gone = new Map(this.state.gone);
    gone.delete(key);
    const rows = new Map(this.state.rows).set(key, row);
    this.state = { ...this.state, ...usedAgain(this.state, key), rows, gone, version };
    return row;
  }

  /** A record gives way to another one, which people have made of both. */
  merge(key: RecordKey, into: RecordKey, fields: NativeFields, registers: Row['registers']): void {
    this.remove(key);
    this.store(into, fields, registers);
    this.state = { ...this.state, merged: new Map(this.state.merged).set(key, into) };
  }

  /** Shows a record no more, or again (null). The feed has something to say of it in both cases. */
  veil(key: RecordKey, kind: 'hidden' | 'out_of_scope' | null): void {
    const row = this.row(key);
    if (row === null) return;
    const version = this.state.version + 1;
    const veiled = new Map(this.state.veiled);
    if (kind === null) veiled.delete(key);
    else veiled.set(key, kind);
    const rows = new Map(this.state.rows).set(key, { ...row, version });
    this.state = { ...this.state, rows, veiled, version };
  }

  /** What became of a record that is not shown; null: it was deleted, or never was. */
  whereabouts(key: RecordKey): Absence | null {
    const into = this.state.merged.get(key);
    const kind = this.state.veiled.get(key);
    if (this.row(key) === null) return into === undefined ? null : { key, kind: 'merged', into };
    return kind === undefined ? null : { key, kind };
  }

  remove(key: RecordKey): void {
    const row = this.row(key);
    if (row === null) return;
    const version = this.state.version + 1;
    const rows = new Map(this.state.rows);
    rows.delete(key);
    // Made anew before anybody looked, the record is the same one with another number.
    const registers = Object.fromEntries(
      this.units.map((unit) => {
        const register = row.registers[unit.name] ?? untouched;
        return [unit.name, { ...register, number: thousandths(rawOf(unit, row.fields)) ?? register.number }];
      }),
    );
    const gone = new Map(this.state.gone).set(key, { version, fields: row.fields, registers });
    const veiled = new Map(this.state.veiled);
    veiled.delete(key);
    this.state = { ...this.state, rows, gone, veiled, version };
  }

  want(key: RecordKey, unit: UnitOptions, want: Want): void {
    const row = this.row(key) ?? this.#unmissed(key);
    const register = row?.registers[unit.name];
    if (row === null || register === undefined) return;
    // A newer no-op delivery takes the place of the one before.
    const others = register.wants.filter(
      ({ why, value }) => why !== want.why || (why === 'sent' && value !== want.value),
    );
    // What a newer one takes the place of is known for good, as far as passes confirmed it.
    const byPass = want.why === 'noop' ? 0n : register.byPass;
    const next = absorbed(unit, { ...register, byPass, wants: [...others, want] }, rawOf(unit, row.fields));
    const registers = { ...row.registers, [unit.name]: next };
    if (this.state.rows.has(key))
      this.state = { ...this.state, rows: new Map(this.state.rows).set(key, { ...row, registers } as Row) };
    else this.state = { ...this.state, gone: new Map(this.state.gone).set(key, { ...row, registers }) };
  }

  /**
   * Where deletes are only found by listing keys, a record that is made again under its key before that was never gone
   * for anybody: it holds what it held until it is listed (SPEC, A record is created or deleted).
   */
  #unmissed(key: RecordKey): Gone | null {
    return this.options.deletes === 'listing' ? (this.state.gone.get(key) ?? null) : null;
  }

  /** A complete pass was taken over: what it did not show as changed has received what waited for that. */
  confirm(passTick: number, isKnownGone: (key: RecordKey) => boolean): void {
    const rows = new Map(this.state.rows);
    // Of a record that is gone or not shown nothing is confirmed: the hub asks rather than to believe it (SPEC I3).
    for (const [key, row] of rows)
      if (!this.state.veiled.has(key)) rows.set(key, { ...row, registers: confirmedBy(passTick, row.registers) });
    const gone = new Map(this.state.gone);
    for (const [key, row] of gone) if (!isKnownGone(key)) gone.set(key, misled(row, passTick));
    this.state = { ...this.state, rows, gone };
  }

  /** Whether the precondition of a write holds now; null when it does, else the answer to it. */
  objection({ write }: Carried): WriteOutcome | null {
    const { key } = write;
    const present = this.get(key);
    const done = this.options.remembers ? this.state.done.get(write.idempotencyKey) : undefined;
    if (done !== undefined) return { kind: 'accepted', record: this.options.answers === 'image' ? done : null };
    if (this.state.refusing.has(key))
      return { kind: 'refused', code: 'refused', message: 'The system refuses this record.' };
    // Its key is taken by a record that nobody is shown.
    if (write.kind === 'create' && this.state.veiled.has(key))
      return { kind: 'refused', code: 'taken', message: 'The key is taken.' };
    if (write.kind === 'create')
      return present !== null && this.options.creates === 'unique' ? { kind: 'stale', record: present } : null;
    if (present === null) return { kind: 'stale', record: null };
    return this.options.write === 'W0' || holds(this.options.write, present, write)
      ? null
      : { kind: 'stale', record: present };
  }

  /** Carries a write out without looking again. */
  effect(sent: Carried): WriteOutcome {
    const carried = this.#withoutInert(sent);
    const { write } = carried;
    const before = this.row(write.key);
    if (write.kind === 'update' && before === null) return { kind: 'stale', record: null };
    if (write.kind === 'delete') this.remove(write.key);
    else
      this.store(
        write.key,
        write.kind === 'create' ? { ...this.#blank(), ...write.fields } : write.fields,
        this.#delivered(carried),
      );
    if (carried !== sent) {
      this.witness.vain(this.options.name, sent);
      if (Object.keys(write.fields).length === 0) return { kind: 'accepted', record: null };
    } else
      this.state = { ...this.state, done: new Map(this.state.done).set(write.idempotencyKey, this.get(write.key)) };
    this.witness.effect({ side: this.options.name, carried, before, after: this.row(write.key) });
    if (write.kind !== 'delete') this.#automate(write.key, carried);
    const record = this.options.answers === 'image' && carried === sent ? this.get(write.key) : null;
    return { kind: 'accepted', record };
  }

  /** What a write would come to now; nothing is made. */
  would(carried: Carried): WriteOutcome {
    const { kind, key, fields } = carried.write;
    const objection = this.objection(carried);
    if (objection !== null || kind === 'delete') return objection ?? { kind: 'accepted', record: null };
    const kept = { ...(this.row(key)?.fields ?? this.#blank()) };
    for (const [name, value] of Object.entries(fields)) kept[name] = normal(this, name, value);
    return { kind: 'accepted', record: { key, fields: kept, token: null } };
  }

  execute(carried: Carried): WriteOutcome {
    return this.objection(carried) ?? this.effect(carried);
  }

  /** What is left of an update when the unit that cannot be written is taken out; the same when it carries none. */
  #withoutInert(carried: Carried): Carried {
    const inert = this.units.find(({ name }) => name === this.options.inert);
    const { write, units } = carried;
    if (inert === undefined || write.kind !== 'update' || units[inert.name] === undefined) return carried;
    const names = fieldsOf(inert);
    const fields = Object.fromEntries(Object.entries(write.fields).filter(([name]) => !names.includes(name)));
    const others = Object.entries(units).filter(([name]) => name !== inert.name);
    return { ...carried, write: { ...write, fields }, units: Object.fromEntries(others) };
  }

  #delivered(sent: Carried): Row['registers'] {
    const { write, units } = sent;
    const old = this.registersOf(write.key);
    const isLate = this.witness.isLate(this.options.name, sent);
    return Object.fromEntries(
      this.units.map(({ name }) => {
        const carried = units[name];
        const register = old[name] ?? untouched;
        // One record under one key is one history, also when it was gone in between.
        if (carried === undefined)
          return [name, write.kind === 'create' ? { ...register, pending: 0n, authors: 0n } : register];
        return [
          name,
          {
            ...register,
            ...carried,
            isLate,
            pending: 0n,
            pendingTick: 0,
            byPass: 0n,
            brought: { delivery: sent.delivery, edits: carried.proven & ~register.proven, history: carried.history },
            wants: register.wants.filter(({ why }) => why !== 'sent'),
          },
        ];
      }),
    );
  }

  #automate(key: RecordKey, { units }: Carried): void {
    const row = this.row(key);
    if (row === null || this.state.automated >= this.options.automation) return;
    // What it makes of the field that was written itself is the image of the write, not an edit (semantics §1.7).
    const other = this.units.find(({ name, type }) => units[name] === undefined && type === 'text');
    if (other === undefined) return;
    const raw = `${this.options.name[0] as string}*${this.state.automated}`;
    if (canonical(other, raw) === canonical(other, rawOf(other, row.fields))) return;
    this.state = { ...this.state, automated: this.state.automated + 1 };
    const register = this.witness.automation(
      this.options.name,
      key,
      other,
      raw,
      row.registers[other.name] ?? untouched,
    );
    this.store(key, { [other.name]: raw }, { [other.name]: register });
  }

  #blank(): NativeFields {
    return Object.fromEntries(this.options.fields.map((name) => [name, null]));
  }

  tokenOf({ fields, version }: Row): string | null {
    const { token } = this.options;
    if (token === 'none') return null;
    // As a hash of what is stored: the same content has the same token, whatever happened in between.
    return token === 'weak' ? JSON.stringify(fields) : `${this.state.life}.${version}`;
  }

  /** The system is as it was in a copy of an earlier day. */
  restore(copy: SystemState): void {
    this.state = {
      ...copy,
      life: this.state.life + 1,
      late: [],
      automated: this.state.automated,
      done: this.state.done,
      made: this.state.made,
      ended: this.state.ended,
      announced: this.state.announced,
    };
  }
}
