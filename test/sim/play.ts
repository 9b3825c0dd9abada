import { isDeepStrictEqual } from 'node:util';
import { recordKey, type RecordKey } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import { sameJson } from '../../src/core/json.js';
import { limitDefaults } from '../../src/core/rules.js';
import { withMerged } from './lineage.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { parentsIn } from './references.js';
import { copyHub, type HubCopy, restoreHub, restoreSide } from './restore.js';
import type { UnitOptions, WorldOptions } from './options.js';
import { checkEnd } from './oracle/ends.js';
import type { Violation } from './oracle/violation.js';
import type { Act, Step } from './steps.js';
import type { SystemState } from './system.js';
import { Task } from './task.js';
import { traceOf } from './trace.js';
import {
  addedTo,
  canonical,
  editedBy,
  type Edits,
  fieldsFor,
  joined,
  rawOf,
  type Register,
  untouched,
} from './truth.js';
import { perform } from './worker.js';
import { World, type WorldSetting } from './world.js';

const forever = Number.POSITIVE_INFINITY;
const stepMs = 250;
/** Turns after which everything must be quiet: one writing and one confirming round, and some for refused attempts. */
const healingRounds = 12;

/** One world being played: people, workers and faults act on it, step by step. */
export class Play {
  readonly world: World;
  /** The other pair of the same hub, whose records this one's name. */
  readonly #parents: Play | null;
  readonly #tasks = new Map<number, Task>();
  readonly #copies = new Map<string, SystemState>();
  #hubCopy: HubCopy | null = null;
  gates = 0;
  #say: ((line: string) => void) | null = null;

  constructor(options: WorldOptions, place: WorldSetting = {}) {
    this.world = new World(options, place);
    const { parents } = options;
    this.#parents = parents === undefined ? null : new Play(parentsIn(options), { ...place, clock: this.world.clock });
    if (this.#parents !== null) this.world.refersTo(this.#parents.world);
    for (const { key, sides } of options.records)
      for (const [side, fields] of Object.entries(sides)) this.#store(side, key, fields, false);
  }

  /** Hears what each act of a worker and each edit did. */
  listen(say: (line: string) => void): void {
    this.#say = say;
    this.#parents?.listen((line) => say(`  parents${line}`));
  }

  get violation(): Violation | null {
    return this.world.oracle.violations[0] ?? this.#parents?.violation ?? null;
  }

  /** This pair and the one whose records it names. */
  get #all(): readonly Play[] {
    return this.#parents === null ? [this] : [this.#parents, this];
  }

  /** Nobody is stopped half way: the world may be saved. */
  get isAtRest(): boolean {
    return [...this.#tasks.values()].every((task) => task.isDone || task.isDead);
  }

  /** Approves the pair's first plan, before anything fails. */
  async start(): Promise<void> {
    // Parents are there before their children in every other world.
    const isLater = this.world.options.seed % 2 === 1;
    if (!isLater) await this.#parents?.start();
    await this.#begin();
    if (isLater) await this.#parents?.start();
  }

  async #begin(): Promise<void> {
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
        return restoreSide(world, step.side, this.#copies.get(step.side));
      case 'copy hub':
        for (const play of this.#all) play.#hubCopy = copyHub(play.world);
        return;
      case 'restore hub':
        for (const play of this.#all) play.#restoreHub();
        return;
      case 'pass':
        for (const play of this.#all) play.#lateBefore(step.ms);
        world.nowMs += step.ms;
        return;
      case 'parents':
        return this.#parents?.step(step.step);
    }
  }

  /** What follows the last step: all heal, then a person answers; each time everything agrees and stays quiet. */
  async finish(): Promise<Outcome> {
    await this.heal();
    await this.#answer();
    return this.outcome();
  }

  /** Who compares nothing keeps to the time within which a request is carried out or never. */
  #lateBefore(ms: number): void {
    for (const [name, { options }] of this.world.systems)
      if (ms >= limitDefaults.lateMs && (options.write === 'W0' || options.write === 'W1')) this.#late(name);
  }

  /** Faults end, everybody who stood goes on, and the hub takes its turns; what is open waits for a person. */
  async heal(): Promise<void> {
    for (const play of this.#all) await play.#recover();
    if (this.violation === null) await this.#rest();
    // A system that was put back to an earlier day has forgotten what it deleted since (SPEC, Gaps): its keys are compared.
    if (this.violation === null && this.#all.some((play) => play.#wasRestored)) {
      for (const play of this.#all) await play.#listAll();
      await this.#rest();
    }
    await this.#planAgain();
    await this.#check('before questions are answered');
  }

  /** What moved while an approved plan was carried out, and what the brakes stopped, is left to the next plan, which a person has to approve. */
  async #planAgain(): Promise<void> {
    const stopped = this.#all.filter((play) => play.#isUndecided || play.world.database.tables.pair?.halt != null);
    if (this.violation !== null || stopped.length === 0) return;
    for (const play of stopped) await play.#act(0, { act: 'plan', revision: play.world.revision }, forever);
    if (this.violation === null) await this.#rest();
  }

  async #recover(): Promise<void> {
    for (const worker of this.#tasks.keys()) await this.#go(worker, forever);
    const { world } = this;
    world.faults.clear();
    for (const [name, system] of world.systems) {
      this.#late(name);
      system.state = { ...system.state, refusing: new Set() };
      for (const [key, kind] of system.state.veiled) if (kind === 'hidden') system.veil(key, null);
    }
    await this.#act(0, { act: 'mode', mode: 'active' }, forever);
  }

  async #listAll(): Promise<void> {
    if (!this.#wasRestored) return;
    for (const { name } of this.world.options.sides) await this.#act(0, { act: 'list', side: name }, forever);
  }

  async #check(when: string): Promise<void> {
    for (const { world } of this.#all) if (this.violation === null) await checkEnd(world, when);
  }

  async #answer(): Promise<void> {
    const isOpen = ({ world }: Play): boolean => world.database.tables.conflicts.some(({ state }) => state === 'open');
    // It has come to rest already, and nobody does anything any more.
    if (!this.#all.some(isOpen)) return;
    for (let answered = 0; this.violation === null && answered < 60; answered += 1) {
      if (!this.#all.some(isOpen)) break;
      for (const play of this.#all) {
        // First as the first answer says, such as to try again; who is asked the same over and over answers otherwise.
        if (isOpen(play)) await play.#act(0, { act: 'decide', pick: answered, choice: answered < 20 ? 0 : 1 }, forever);
        await play.#act(0, { act: 'cycle', list: true }, forever);
      }
    }
    if (this.violation === null) await this.#rest();
    await this.#planAgain();
    await this.#check('after questions are answered');
  }

  outcome(): Outcome {
    return outcomeOf(this.#all, this.violation);
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
      const before = this.#all.map((play) => play.#progress);
      // What looks old counts once it is still there after the time that a replica may lag behind (semantics §1.9).
      const isLooking = this.#all.some((play) => play.world.database.tables.rereads.size > 0);
      world.nowMs += isLooking ? limitDefaults.replicaMs : stepMs;
      for (const play of this.#all) {
        await play.#act(0, { act: 'cycle', list: true }, forever);
        if (this.violation !== null) return;
      }
      quiet = isDeepStrictEqual(
        before,
        this.#all.map((play) => play.#progress),
      )
        ? quiet + 1
        : 0;
    }
    if (quiet < 2)
      world.oracle.report('I8', `still writing or stating something after ${healingRounds} turns without an edit`);
  }

  /** What moves whenever something is written or stated. */
  get #progress(): readonly unknown[] {
    const { effects, database } = this.world;
    return [effects.state.writes, database.tables.ledger.length, database.tables.pair?.tick];
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
        fieldsFor(unit, unit.type === 'group' ? [text, text] : firstText(unit, text)),
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
      const both = joined(one, other);
      const raw = rawOf(unit, lost.fields);
      registers[unit.name] = { ...(kept === null ? one : other), ...both };
      if (kept !== null && !keeps.includes(unit.name)) continue;
      // Under a key that was used before, the value takes the place of the one that stood there.
      const before = kept ?? system.state.gone.get(into);
      if (before === undefined || canonical(unit, raw) === canonical(unit, rawOf(unit, before.fields))) continue;
      Object.assign(fields, fieldsFor(unit, raw));
      const bit = world.newEdit(side, into, unit.name, raw);
      registers[unit.name] = { ...editedBy(bit, { ...other, ...both }), wants: other.wants };
    }
    system.merge(key, into, fields, registers);
    if (kept === null) world.effects.made(side, into);
  }

  /** Requests that were given up by the one who sent them are carried out after all. */
  #late(side: string): void {
    const system = this.world.system(side);
    const { late } = system.state;
    system.state = { ...system.state, late: [] };
    for (const carried of late) system.execute(carried);
  }

  #restoreHub(): void {
    if (!restoreHub(this.world, this.#hubCopy)) return;
    for (const task of this.#tasks.values()) task.kill();
    this.#tasks.clear();
  }
}

/** What people type into a field of a new record. */
function firstText({ type }: UnitOptions, text: string): string {
  if (type === 'reference') return `k${Number(text.replace(/[^0-9]/g, '')) % 4}`;
  return type === 'decimal' ? `${text.length}.25` : text;
}
