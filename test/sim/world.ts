import { createEvaluate } from '../../src/contract/expression.js';
import { sideName } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { Choice, Engine } from '../../src/engine/engine.js';
import type { Connectors, Hasher, Runner } from '../../src/engine/ports.js';
import type { ConflictRow, Store } from '../../src/engine/store.js';
import { hasher } from '../../src/main/hasher.js';
import { silentLog } from '../support/silent-log.js';
import { FaultQueue } from './faults.js';
import type { UnitOptions, WorldOptions } from './options.js';
import { Effects, type EffectState } from './oracle/effects.js';
import { checkBounds } from './oracle/invariants.js';
import { isUntold } from './oracle/moves.js';
import { Oracle, type OracleState } from './oracle/oracle.js';
import { checkNamed, checkReferences } from './oracle/references.js';
import { stateIn } from './oracle/state-in.js';
import { pairOf, rulesOf } from './rules.js';
import type { Sighting } from './sighting.js';
import { simConnector } from './sim-connector.js';
import { openMemoryReadModel } from './store/memory-read-model.js';
import { MemoryDatabase, openMemoryStore } from './store/memory-store.js';
import type { Tables } from './store/tables.js';
import { type Carried, SimSystem, type SystemState } from './system.js';
import type { Task } from './task.js';
import { editBit, editedBy, type Edits, type Register } from './truth.js';
import type { WorkerPlace } from './worker.js';

const runner: Runner = {
  ensure: () => Promise.resolve(),
  poke: () => Promise.resolve(),
  runNow: () => Promise.reject(new Error('the simulator is the workflow')),
  setMode: () => Promise.reject(new Error('the simulator is the workflow')),
  ping: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

const evaluate = createEvaluate();

/** A fixed day: a world of a seed is the same whenever it runs. */
const startMs = Date.UTC(2026, 0, 15);

/** Where a world is played: another day than the fixed one, and what stands before its store. */
export type WorldSetting = {
  readonly startMs?: number;
  readonly wrap?: (store: Store) => Store;
  /** The clock of a world that is played beside another one. */
  readonly clock?: Clock;
};
export type Clock = { nowMs: number };

/** A moment of a world in which no worker stands at a gate. */
export type Moment = {
  readonly tables: Tables;
  readonly systems: ReadonlyMap<string, SystemState>;
  readonly oracle: OracleState;
  readonly effects: EffectState;
  readonly nowMs: number;
  readonly revision: number;
  readonly nonces: number;
  readonly faults: FaultQueue['state'];
};

/** A worker's process: what it works with, and what it does now. */
type WorkerProcess = {
  now: Task;
  readonly sightings: Sighting[];
  readonly place: WorkerPlace;
  /** What the database does when it dies. */
  readonly end: () => void;
};

/** The hub, its systems, the people, and the checker who sees all of them. What happens is up to `play.ts`. */
export class World {
  readonly options: WorldOptions;
  readonly database: MemoryDatabase;
  readonly systems: ReadonlyMap<string, SimSystem>;
  readonly oracle: Oracle;
  readonly effects: Effects;
  readonly faults = new FaultQueue();
  readonly #processes: WorkerProcess[] = [];
  readonly clock: Clock;
  revision = 1;
  /** The world of the pair whose records this one's name, and of the one whose records name this one's. */
  parents: World | null = null;
  children: World | null = null;
  /** Records that the hub ever knew to be there, as `side key`; kept of those that may be named. */
  readonly known = new Set<string>();
  #nonces = 0;
  readonly #wrap: (store: Store) => Store;

  constructor(options: WorldOptions, place: WorldSetting = {}) {
    this.options = options;
    this.#wrap = place.wrap ?? ((store) => store);
    this.clock = place.clock ?? { nowMs: place.startMs ?? startMs };
    this.database = new MemoryDatabase(() => this.nowMs);
    this.oracle = new Oracle(options);
    this.effects = new Effects(this.oracle, options, (side, key) =>
      isUntold(this.system(side), key as never, this.database.tables),
    );
    const isLate = (side: string, { entity, delivery }: Carried): boolean =>
      stateIn(this.database.tables, entity as never).sides[side as never]?.intent?.delivery !== delivery;
    const witness = {
      effect: (effect: Parameters<Effects['take']>[0]) => {
        this.effects.take(effect, isLate(effect.side, effect.carried));
        checkNamed(this, effect);
        checkBounds(this, effect);
      },
      isLate,
      vain: (side: string, carried: Parameters<Effects['vain']>[1]) => this.effects.vain(side, carried),
      automation: (side: string, key: string, unit: UnitOptions, raw: Json, before: Register): Register =>
        editedBy(this.newEdit(side, key, unit.name, raw), before),
    };
    this.systems = new Map(options.sides.map((side) => [side.name, new SimSystem(side, options.units, witness)]));
    this.oracle.watch(this.systems);
  }

  get nowMs(): number {
    return this.clock.nowMs;
  }

  set nowMs(nowMs: number) {
    this.clock.nowMs = nowMs;
  }

  /** The records of this world name those of the other, which is in the same database. */
  refersTo(parents: World): void {
    this.parents = parents;
    parents.children = this;
    this.database.others.set(pairOf(parents.options), parents.database);
    parents.database.others.set(pairOf(this.options), this.database);
  }

  newEdit(side: string, key: string, unit: string, value: Json): Edits {
    const { edits } = this.oracle.state;
    const bit = editBit(edits);
    this.oracle.state = { ...this.oracle.state, edits: [...edits, { side, key, unit, value }] };
    return bit;
  }

  system(side: string): SimSystem {
    const system = this.systems.get(side);
    if (system === undefined) throw new Error(`there is no side ${side}`);
    return system;
  }

  /**
   * What a worker works with: the engine over ports that wait for the scheduler and may fail. A process that lives on is used
   * for one task after the other; one that died is not.
   */
  placeFor(task: Task): WorkerPlace {
    const process = this.#processes.find(({ now }) => now.isDone && !now.isDead) ?? this.#process(task);
    process.now = task;
    process.sightings.length = 0;
    task.onKill = process.end;
    return process.place;
  }

  #process(task: Task): WorkerProcess {
    const sightings: Sighting[] = [];
    const current = { now: task };
    const client = {
      pause: (label: string) => current.now.pause(label),
      fault: (label: string) => this.#storeFault(label),
      committed: (before: Tables, after: Tables, changes: Parameters<Oracle['committed']>[3]) => {
        this.oracle.committed(sightings, before, after, changes);
        checkReferences(this, changes);
      },
    };
    const doors = new Map(
      [...this.systems.keys()].map((name) => [name, this.#connector(name, client, sightings)] as const),
    );
    const connectors: Connectors = {
      open: (_revision, { name }) => Promise.resolve(doors.get(name) ?? this.#connector(name, client, sightings)),
      close: () => Promise.resolve(),
    };
    const engine = createEngine({
      store: this.#wrap(openMemoryStore(this.database, client)),
      readModel: openMemoryReadModel(this.database),
      connectors,
      runner,
      hasher: this.#hasher,
      log: silentLog,
      loadRevision: () => Promise.resolve(this.#saved()),
      pageSize: this.options.pageSize,
      evaluate,
    });
    const end = (): void => this.database.disconnect(client);
    const process: WorkerProcess = Object.assign(current, { sightings, place: this.#place(engine), end });
    this.#processes.push(process);
    return process;
  }

  #storeFault(label: string): 'conflict' | 'lost before' | 'lost after' | null {
    const kinds = label === 'commit' ? (['lost after', 'conflict'] as const) : (['conflict', 'lost before'] as const);
    if (label !== 'commit' && label !== 'transact') return null;
    const fault = this.faults.take('store', ...kinds);
    return fault === null ? null : (fault.kind as 'conflict');
  }

  #connector(name: string, task: Pick<Task, 'pause'>, sightings: Sighting[]) {
    return simConnector({
      system: this.system(name),
      tells: this.options.lineage === true,
      task,
      faults: this.faults,
      watch: {
        seen: (sighting) => sightings.push(sighting),
        carried: (side, write) => this.#carried(side, write),
      },
    });
  }

  /** What the hub says a write carries: the delivery that it sent says which versions. */
  #carried(side: string, write: Parameters<NonNullable<ReturnType<typeof simConnector>['write']>>[0][number]) {
    const entity = Number(write.idempotencyKey.split('/')[2]);
    const items = [...this.database.tables.deliveries.values()]
      .filter((delivery) => delivery.side === side && delivery.state !== 'planned')
      .flatMap((delivery) =>
        delivery.items
          .filter((item) => item.entity === entity && item.kind === write.kind)
          .map((item) => ({ item, delivery })),
      );
    const sent =
      items.findLast(({ item }) => JSON.stringify(item.fields) === JSON.stringify(write.fields)) ?? items.at(-1);
    if (sent === undefined) {
      this.oracle.report('I10', `a write of ${side}/${write.key} left the hub before it was written down as sent`);
      return { write, units: {}, entity, delivery: 0, agreed: {}, kin: [] };
    }
    const state = stateIn(this.database.tables, entity as never);
    // Who was slow between claiming and sending cannot know; the precondition of the write is there for that.
    if (this.options.workers === 1 && state.sides[side as never]?.intent?.delivery !== sent.delivery.id)
      this.oracle.report('I10', `a write of ${side}/${write.key} was sent although a newer one took its place`);
    const delivery = sent.delivery.id;
    const kin = Object.entries(state.sides).map(([name, shadow]) => `${name}/${shadow.key}`);
    const agreed = Object.fromEntries(Object.entries(state.units).map(([unit, { value }]) => [unit, value]));
    return { write, units: this.oracle.carried(entity as never, sent.item.version), entity, delivery, agreed, kin };
  }

  get #hasher(): Hasher {
    return {
      ...hasher,
      nonce: () => {
        this.#nonces += 1;
        return this.#nonces.toString(16).padStart(32, '0');
      },
    };
  }

  #saved() {
    const rules = rulesOf(this.options, this.revision);
    return { pair: rules.pair, id: rules.revision, rules, text: '', connections: {} };
  }

  #place(engine: Engine): WorkerPlace {
    return {
      pair: pairOf(this.options),
      engine,
      sides: this.options.sides.map(({ name }) => name),
      openQuestions: () => this.database.tables.conflicts.filter(({ state }) => state === 'open'),
      choices: (conflict) => this.#choices(conflict),
      use: (revision) => {
        this.revision = revision;
      },
    };
  }

  #choices({ kind, entity, unit }: ConflictRow): readonly Choice[] {
    const sides = this.options.sides.map(({ name }) => sideName(name));
    const present = sides.filter((side) => stateIn(this.database.tables, entity).sides[side]?.presence === 'present');
    switch (kind) {
      case 'clash':
        return [
          ...present.map((side) => ({ kind: 'keep', side }) as const),
          { kind: 'value', value: this.#typed(unit, entity) },
        ];
      case 'invariant':
        return present.map((side) => ({ kind: 'keep', side }) as const);
      case 'delete':
        return [{ kind: 'delete' }, { kind: 'restore' }, { kind: 'leave' }];
      case 'proposal':
        return [...present.map((side) => ({ kind: 'keep', side }) as const), { kind: 'restore' }, { kind: 'leave' }];
      case 'undo':
        return [unit === null ? { kind: 'delete' } : { kind: 'restore' }, { kind: 'leave' }];
      case 'create':
        return [{ kind: 'copy' }, { kind: 'leave' }];
      case 'tripped':
      case 'parked':
      case 'refused':
        return [{ kind: 'retry' }, { kind: 'leave' }];
      case 'match':
        return [{ kind: 'copy' }, { kind: 'leave' }];
      case 'duplicate':
        return [{ kind: 'delete' }, { kind: 'leave' }];
    }
  }

  #typed(unit: string | null, entity: number): string | readonly string[] {
    const { type } = this.options.units.find(({ name }) => name === unit) ?? { type: 'text' };
    if (type === 'reference') return `${this.options.sides[0]?.name ?? ''}:k${entity % 3}`;
    return type === 'group'
      ? [`d${entity}`, `d${entity}'`]
      : type === 'decimal'
        ? `7.${entity}`
        : type === 'list'
          ? [`d${entity}`]
          : `d${entity}`;
  }

  save(): Moment {
    return {
      tables: this.database.tables,
      systems: new Map([...this.systems].map(([name, { state }]) => [name, state])),
      oracle: { ...this.oracle.state, histories: this.oracle.state.histories.copy() },
      effects: this.effects.state,
      nowMs: this.nowMs,
      revision: this.revision,
      nonces: this.#nonces,
      faults: this.faults.state,
    };
  }

  restore(moment: Moment): void {
    this.database.tables = moment.tables;
    this.database.holder = null;
    for (const [name, state] of moment.systems) this.system(name).state = state;
    this.oracle.state = { ...moment.oracle, histories: moment.oracle.histories.copy() };
    this.oracle.violations.length = 0;
    this.effects.state = moment.effects;
    this.nowMs = moment.nowMs;
    this.revision = moment.revision;
    this.#nonces = moment.nonces;
    this.faults.state = moment.faults;
  }
}
