import { recordKey, type RecordKey } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import { sameJson } from '../../src/core/json.js';
import { limitDefaults } from '../../src/core/rules.js';
import { withMerged } from './lineage.js';
import type { UnitOptions, WorldOptions } from './options.js';
import { checkEnd } from './oracle/ends.js';
import type { Violation } from './oracle/violation.js';
import type { Act, Step } from './steps.js';
import type { Row, SystemState } from './system.js';
import { Task } from './task.js';
import { traceOf } from './trace.js';
import { addedTo, canonical, editedBy, type Edits, fieldsFor, rawOf, type Register, untouched } from './truth.js';
import { perform } from './worker.js';
import { type Moment, World, type WorldSetting } from './world.js';

const forever = Number.POSITIVE_INFINITY;
const stepMs = 250;
/** Turns after which everything must be quiet: one writing and one confirming round, and some for refused attempts. */
const healingRounds = 12;

/** What became of a world. */
export type Outcome = {
  readonly violation: Violation | null;
  readonly exposed: number;
  /** Edits that left a register for a write that was carried out after it was given up. */
  readonly outrun: number;
  /** Questions about records that took the place of others, before the hub was told. */
  readonly untold: number;
  readonly writes: number;
  readonly gates: number;
};

/** One world being played: people, workers and faults act on it, step by step. */
export class Play {
  readonly world: World;
  readonly #tasks = new Map<number, Task>();
  readonly #copies = new Map<string, SystemState>();
  #hubCopy: Moment['tables'] | null = null;
  gates = 0;
  #say: ((line: string) => void) | null = null;

  constructor(options: WorldOptions, place: WorldSetting = {}) {
    this.world = new World(options, place);
    for (const { key, sides } of options.records)
      for (const [side, fields] of Object.entries(sides)) this.#store(side, key, fields, false);
  }

  /** Hears what each act of a worker and each edit did. */
  listen(say: (line: string) => void): void {
    this.#say = say;
  }

  get violation(): Violation | null {
    return this.world.oracle.violations[0] ?? null;
  }

  /** Nobody is stopped half way: the world may be saved. */
  get isAtRest(): boolean {
    return [...this.#tasks.values()].every((task) => task.isDone || task.isDead);
  }

  /** Approves the pair's first plan, before anything fails. */
  async start(): Promise<void> {
    await this.#act(0, { act: 'plan', revision: 1 }, forever);
    await this.#act(0, { act: 'cycle', list: false }, forever);
  }

  async step(step: Step): Promise<void> {
    const { world } = this;
    world.nowMs += stepMs;
    switch (step.do) {
      case 'edit':
        return this.#edit(step.side, step.key, step.unit, step.to);
      case 'make':
        return this.#make(step.side, step.key, step.text);
      case 'remove':
        return this.#remove(step.side, step.key);
      case 'merge':
        return this.#merge(step.side, recordKey(step.key), recordKey(step.into), step.keeps);
      case 'hide':
        return world.system(step.side).veil(recordKey(step.key), 'hidden');
      case 'leave':
        return world.system(step.side).veil(recordKey(step.key), 'out_of_scope');
      case 'show':
        return world.system(step.side).veil(recordKey(step.key), null);
      case 'act':
        return this.#act(step.worker, step, step.gates ?? forever);
      case 'go':
        return this.#go(step.worker, step.gates ?? forever);
      case 'kill':
        return this.#kill(step.worker);
      case 'fault':
        return world.faults.put(step.fault);
      case 'late':
        return this.#late(step.side);
      case 'refuse': {
        const system = world.system(step.side);
        const refusing = new Set(system.state.refusing).add(recordKey(step.key));
        system.state = { ...system.state, refusing };
        return;
      }
      case 'copy side':
        this.#copies.set(step.side, world.system(step.side).state);
        return;
      case 'restore side':
        return this.#restoreSide(step.side);
      case 'copy hub':
        this.#hubCopy = world.database.tables;
        return;
      case 'restore hub':
        return this.#restoreHub();
      case 'pass':
        // Who compares nothing keeps to the time within which a request is carried out or never.
        for (const [name, { options }] of world.systems)
          if (step.ms >= limitDefaults.lateMs && (options.write === 'W0' || options.write === 'W1')) this.#late(name);
        world.nowMs += step.ms;
    }
  }

  /** What follows the last step: all heal, then a person answers; each time everything agrees and stays quiet. */
  async finish(): Promise<Outcome> {
    await this.heal();
    await this.#answer();
    return this.outcome();
  }

  /** Faults end, everybody who stood goes on, and the hub takes its turns; what is open waits for a person. */
  async heal(): Promise<void> {
    for (const worker of this.#tasks.keys()) await this.#go(worker, forever);
    const { world } = this;
    world.faults.clear();
    for (const [name, system] of world.systems) {
      this.#late(name);
      system.state = { ...system.state, refusing: new Set() };
      for (const [key, kind] of system.state.veiled) if (kind === 'hidden') system.veil(key, null);
    }
    await this.#act(0, { act: 'mode', mode: 'active' }, forever);
    if (this.violation === null) await this.#rest();
    // A system that was put back to an earlier day has forgotten what it deleted since (SPEC, Gaps): its keys are compared.
    if (this.violation === null && this.#wasRestored) {
      for (const { name } of world.options.sides) await this.#act(0, { act: 'list', side: name }, forever);
      await this.#rest();
    }
    // What moved while an approved plan was carried out is left to the next plan, which a person has to approve;
    // and so is what the brakes stopped.
    if (this.violation === null && (this.#isUndecided || world.database.tables.pair?.halt != null)) {
      await this.#act(0, { act: 'plan', revision: world.revision }, forever);
      if (this.violation === null) await this.#rest();
    }
    if (this.violation === null) await checkEnd(world, 'before questions are answered');
  }

  async #answer(): Promise<void> {
    const { world } = this;
    const isOpen = (): boolean => world.database.tables.conflicts.some(({ state }) => state === 'open');
    // It has come to rest already, and nobody does anything any more.
    if (!isOpen()) return;
    for (let answered = 0; this.violation === null && answered < 60; answered += 1) {
      if (!isOpen()) break;
      // First as the first answer says, such as to try again; who is asked the same over and over answers otherwise.
      await this.#act(0, { act: 'decide', pick: answered, choice: answered < 20 ? 0 : 1 }, forever);
      await this.#act(0, { act: 'cycle', list: true }, forever);
    }
    if (this.violation === null) await this.#rest();
    if (this.violation === null) await checkEnd(world, 'after questions are answered');
  }

  outcome(): Outcome {
    const { effects, oracle } = this.world;
    const { exposed, writes } = effects.state;
    const { outrun, untold } = oracle.state;
    return { violation: this.violation, exposed, outrun, untold, writes, gates: this.gates };
  }

  get #wasRestored(): boolean {
    return [...this.world.systems.values()].some(({ state }) => state.life > 1);
  }

  get #isUndecided(): boolean {
    return [...this.world.database.tables.entities.values()].some(({ standing }) => standing === 'undecided');
  }

  /** Turns until two in a row changed nothing (I8). */
  async #rest(): Promise<void> {
    const { world } = this;
    let quiet = 0;
    for (let round = 0; round < healingRounds && quiet < 2; round += 1) {
      const before = world.database.tables;
      const { writes } = world.effects.state;
      // What looks old counts once it is still there after the time that a replica may lag behind (semantics §1.9).
      world.nowMs += before.rereads.size > 0 ? limitDefaults.replicaMs : stepMs;
      await this.#act(0, { act: 'cycle', list: true }, forever);
      if (this.violation !== null) return;
      const after = world.database.tables;
      const isQuiet =
        writes === world.effects.state.writes &&
        before.ledger.length === after.ledger.length &&
        before.pair?.tick === after.pair?.tick;
      quiet = isQuiet ? quiet + 1 : 0;
    }
    if (quiet < 2)
      world.oracle.report('I8', `still writing or stating something after ${healingRounds} turns without an edit`);
  }

  async #act(worker: number, act: Act, gates: number): Promise<void> {
    const old = this.#tasks.get(worker);
    if (old !== undefined) await this.#go(worker, forever);
    const task = new Task();
    this.#tasks.set(worker, task);
    const place = this.world.placeFor(task);
    const { length } = this.world.database.tables.ledger;
    await task.begin(() => perform(place, act), gates);
    this.#after(worker, task);
    this.#say?.(
      [`  ${JSON.stringify(act)} ${task.isDone ? '' : `stands at ${task.label}`}`, ...traceOf(this.world, length)].join(
        '\n',
      ),
    );
  }

  async #go(worker: number, gates: number): Promise<void> {
    const task = this.#tasks.get(worker);
    if (task === undefined) return;
    await task.goOn(gates);
    this.#after(worker, task);
  }

  #kill(worker: number): void {
    const task = this.#tasks.get(worker);
    if (task === undefined || task.isDone) return;
    task.kill();
    this.#after(worker, task);
  }

  #after(worker: number, task: Task): void {
    if (!task.isDone && !task.isDead) return;
    this.gates += task.gates;
    this.#tasks.delete(worker);
    if (task.error !== null) {
      this.world.oracle.report('I0', `the engine failed: ${task.problem}`);
    }
  }

  #unit(name: string): UnitOptions | undefined {
    return this.world.options.units.find((unit) => unit.name === name);
  }

  #edit(side: string, key: string, name: string, to: readonly (string | null)[]): void {
    const unit = this.#unit(name);
    const row = this.world.system(side).row(recordKey(key));
    if (unit === undefined || row === null) return;
    const raw: Json = unit.type === 'group' ? to : (to[0] ?? null);
    this.#store(side, key, fieldsFor(unit, raw), true);
  }

  /** Stores what people type: each unit that really changes is an edit by somebody who had all that stood there. */
  #store(side: string, key: string, fields: { readonly [field: string]: Json }, isEdit: boolean): void {
    const { world } = this;
    const system = world.system(side);
    const id = recordKey(key);
    const old = system.row(id);
    const before = system.registersOf(id);
    const registers: { [unit: string]: Register } = {};
    for (const unit of world.options.units) {
      const register = before[unit.name] ?? untouched;
      const raw = rawOf(unit, { ...old?.fields, ...fields });
      const was = old === null ? null : rawOf(unit, old.fields);
      registers[unit.name] = register;
      if (old !== null && (canonical(unit, raw) === canonical(unit, was) || sameJson(raw, was))) continue;
      if (old === null && canonical(unit, raw) === '' && !isEdit) continue;
      const bit: Edits = world.newEdit(side, key, unit.name, raw);
      registers[unit.name] = addedTo({ ...editedBy(bit, register), wants: register.wants }, was, raw);
    }
    system.store(id, { id: key, ...fields }, registers);
  }

  #make(side: string, key: string, text: string): void {
    const { world } = this;
    if (world.system(side).row(recordKey(key)) !== null) return;
    const fields = Object.assign(
      {},
      ...world.options.units.map((unit) =>
        fieldsFor(unit, unit.type === 'group' ? [text, text] : unit.type === 'decimal' ? `${text.length}.25` : text),
      ),
    ) as { [field: string]: Json };
    this.#store(side, key, fields, true);
    world.effects.made(side, key);
  }

  #remove(side: string, key: string): void {
    const system = this.world.system(side);
    const row = system.row(recordKey(key));
    if (row === null) return;
    // Whoever deletes a record deletes what was merged into it.
    for (const gone of withMerged(system.state.merged, recordKey(key))) this.world.effects.deleted(side, gone, row);
    system.remove(recordKey(key));
  }

  /** People make one record of two, with both before their eyes. */
  #merge(side: string, key: RecordKey, into: RecordKey, keeps: readonly string[]): void {
    const { world } = this;
    const system = world.system(side);
    const [lost, kept] = [system.row(key), system.row(into)];
    if (lost === null || key === into || system.get(key) === null || (kept !== null && system.get(into) === null))
      return;
    const registers: { [unit: string]: Register } = {};
    const fields: { [field: string]: Json } = { ...(kept ?? lost).fields, id: into };
    for (const unit of world.options.units) {
      const [one, other] = [lost.registers[unit.name] ?? untouched, system.registersOf(into)[unit.name] ?? untouched];
      const both = { history: one.history | other.history, proven: one.proven | other.proven };
      const raw = rawOf(unit, lost.fields);
      registers[unit.name] = { ...(kept === null ? one : other), ...both };
      if (kept === null || !keeps.includes(unit.name)) continue;
      if (canonical(unit, raw) === canonical(unit, rawOf(unit, kept.fields))) continue;
      Object.assign(fields, fieldsFor(unit, raw));
      const bit = world.newEdit(side, into, unit.name, raw);
      registers[unit.name] = { ...editedBy(bit, { ...other, ...both }), wants: other.wants };
    }
    system.merge(key, into, fields, registers);
  }

  /** Requests that were given up by the one who sent them are carried out after all. */
  #late(side: string): void {
    const system = this.world.system(side);
    const { late } = system.state;
    system.state = { ...system.state, late: [] };
    for (const carried of late) system.execute(carried);
  }

  /** A copy of an earlier day takes the system's place; who put it there knew what it would replace. */
  #restoreSide(side: string): void {
    const copy = this.#copies.get(side);
    const system = this.world.system(side);
    if (copy === undefined) return;
    const now = system.state;
    const rows = new Map<ReturnType<typeof recordKey>, Row>();
    for (const [key, row] of copy.rows) rows.set(key, this.#restored(side, key, row, now.rows.get(key) ?? null));
    for (const [key, row] of now.rows) if (!copy.rows.has(key)) this.world.effects.deleted(side, key, row);
    for (const key of copy.rows.keys()) if (!now.rows.has(key)) this.world.effects.made(side, key);
    system.restore({ ...copy, rows });
  }

  #restored(side: string, key: string, row: Row, now: Row | null): Row {
    const registers = { ...row.registers };
    for (const unit of this.world.options.units) {
      const raw = rawOf(unit, row.fields);
      const current =
        now?.registers[unit.name] ?? this.world.system(side).registersOf(key as never)[unit.name] ?? untouched;
      registers[unit.name] = current;
      if (now !== null && canonical(unit, raw) === canonical(unit, rawOf(unit, now.fields))) continue;
      const bit = this.world.newEdit(side, key, unit.name, raw);
      registers[unit.name] = editedBy(bit, current);
    }
    return { ...row, registers };
  }

  /** Our own database as it was: the operator raises the epoch and has everything read again. */
  #restoreHub(): void {
    const { database } = this.world;
    const copy = this.#hubCopy;
    if (copy?.pair == null || database.tables.pair === null) return;
    for (const task of this.#tasks.values()) task.kill();
    this.#tasks.clear();
    const cursors = Object.fromEntries(
      Object.keys(copy.pair.cursors).map((side) => [side, { cursor: null, pass: null, complete: null, problem: null }]),
    );
    database.tables = { ...copy, pair: { ...copy.pair, epoch: database.tables.pair.epoch + 1, cursors } };
    database.holder = null;
  }
}
