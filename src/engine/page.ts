import { duplicatesOf } from '../core/duplicate.js';
import type { Hub } from '../core/hub.js';
import { entityId, type EntityId, type RecordKey, type SideName, type UnitName } from '../core/ids.js';
import type { Fact } from '../core/ledger/entry.js';
import { pack, unpack } from '../core/pack.js';
import { takenCreates, takenFrom, takenStep } from './taken-key.js';
import type { PlannedWrite } from '../core/planned-write.js';
import { recordVersion, type Question } from '../core/question.js';
import type { Snapshot } from '../core/record.js';
import type { PairRules } from '../core/rules.js';
import { standingOf } from '../core/standing.js';
import type { EntityState, Shadow } from '../core/state.js';
import { entriesOf } from './page-entries.js';
import { deleteQuestion, hasRefused } from '../core/presence.js';
import { plannedCounter } from './write-counters.js';
import { ChildNames } from './child-names.js';
import { namedParents, namedStep, watchRows } from './named-parents.js';
import type { WaitRow } from './reference-store.js';
import { PageMatches } from './page-matches.js';
import { ParentLookup } from './parent-lookup.js';
import type { PageOptions } from './page-options.js';
import type {
  AppendedEntries,
  Changes,
  ConflictClose,
  ConflictDraft,
  DeliveryItem,
  DeliveryRow,
  EntityChange,
  IntentRow,
  LinkRow,
  PairRow,
  PairTransaction,
  RunChange,
  SideCursor,
  StoredEntity,
} from './store.js';

/** What one step decided about one entity; the page keeps the last state and gathers the rest. */
export type Step = {
  readonly state: EntityState;
  readonly facts?: readonly Fact[];
  readonly writes?: readonly PlannedWrite[];
  readonly questions?: readonly Question[];
  readonly closes?: readonly { readonly unit: UnitName | null; readonly kind: Question['kind'] }[];
};

/**
 * Everything one transaction decides about a pair, gathered in memory and written by one `commit`. Positions in the
 * ledger, ids of entities and of deliveries are allotted here, under the pair's lock.
 */
export class Page {
  readonly hub: Hub;
  readonly #transaction: PairTransaction;
  readonly #options: PageOptions;
  readonly #states = new Map<EntityId, EntityState>();
  readonly #changed = new Map<EntityId, { isNew: boolean }>();
  readonly #facts: Fact[] = [];
  readonly #items = new Map<SideName, Map<EntityId, DeliveryItem>>();
  readonly #conflicts = new Map<string, ConflictDraft>();
  readonly #closes = new Map<string, ConflictClose>();
  #links: LinkRow[] = [];
  readonly #unlinks: LinkRow[] = [];
  readonly #parents: ParentLookup;
  /** What records of the page name. */
  readonly #names: ChildNames;
  /** Entities whose references wait, or waited. */
  readonly #waits = new Set<EntityId>();
  /** What this page's records are found by. */
  readonly found: PageMatches;
  readonly #counts: { [counter: string]: number } = {};
  readonly intents: IntentRow[] = [];
  readonly rereads: { side: SideName; key: RecordKey }[] = [];
  readonly rereadsDone: { side: SideName; key: RecordKey }[] = [];
  #nextEntity: number;
  #linked: number;
  #waiting: boolean;

  constructor(transaction: PairTransaction, options: PageOptions) {
    const { pair, nowMs } = transaction;
    this.#transaction = transaction;
    this.#options = options;
    this.#nextEntity = pair.nextEntity;
    this.#linked = pair.linked;
    this.#waiting = pair.waiting;
    this.#names = new ChildNames(options.rules);
    this.#parents = new ParentLookup((parent, places) => transaction.parents(parent, places));
    this.hub = {
      rules: this.#parents.rules(options.rules),
      epoch: pair.epoch,
      tick: pair.tick + 1,
      nowMs,
      deliveries: Object.fromEntries(options.rules.sides.map(({ name }, index) => [name, pair.nextDelivery + index])),
      sent: transaction.sent,
      ...(options.evaluate === undefined ? {} : { evaluate: options.evaluate }),
      complete: Object.fromEntries(options.rules.sides.map(({ name }) => [name, pair.cursors[name]?.complete ?? null])),
    };
    this.found = new PageMatches(this.hub);
  }

  /** Takes over stored entities; a state that the page already has is newer and stays. */
  load(entities: readonly StoredEntity[]): void {
    for (const { id, state } of entities) if (!this.#states.has(id)) this.#states.set(id, unpack(state));
  }

  /** Takes over the stored entities with these ids, and what their references name. */
  async fetch(ids: readonly EntityId[]): Promise<void> {
    this.load(await this.#transaction.entitiesByIds(ids));
    await this.loadParents();
  }

  /** Reads what references of the page's entities name, and of records that were read; nothing for a pair without any. */
  async loadParents(
    read: { readonly side: SideName; readonly snapshots: readonly Snapshot[] } | null = null,
  ): Promise<void> {
    await this.#parents.load(this.hub.rules, this.#states.values(), read);
  }

  /** Rules that know what `loadParents` read. */
  knowing(rules: PairRules): PairRules {
    return this.#parents.rules(rules);
  }

  /** Whether a delivery may still be sent, or was and is not over; one that this page plans is. */
  isOpen(delivery: number): boolean {
    const { sent, planned, pair } = this.#transaction;
    return sent.has(delivery) || planned.has(delivery) || delivery >= pair.nextDelivery;
  }

  state(id: EntityId): EntityState | undefined {
    return this.#states.get(id);
  }

  newEntity(): EntityId {
    const id = entityId(this.#nextEntity);
    this.#nextEntity += 1;
    this.#changed.set(id, { isNew: true });
    return id;
  }

  link(entity: EntityId, side: SideName, key: RecordKey): void {
    this.#links.push({ side, key, entity });
  }

  unlink(entity: EntityId, side: SideName, key: RecordKey): void {
    this.#unlinks.push({ side, key, entity });
  }

  linkedMore(count: number): void {
    this.#linked += count;
  }

  leaveWaiting(waiting: boolean): void {
    this.#waiting = waiting;
  }

  count(counter: string, by = 1): void {
    if (by !== 0) this.#counts[counter] = (this.#counts[counter] ?? 0) + by;
  }

  /** Takes a step for an entity; later steps of the same entity replace its planned writes and questions. */
  take(entity: EntityId, step: Step): void {
    const before = this.#states.get(entity);
    this.#names.note(entity, before);
    if (before !== undefined && this.#changed.get(entity)?.isNew !== true) this.found.note(entity, before);
    if (step.state.hold?.kind === 'children' || before?.hold?.kind === 'children') this.#waits.add(entity);
    if (step.state.waits.length > 0 || (before !== undefined && before.waits.length > 0)) this.#waits.add(entity);
    if (before !== step.state) {
      this.#states.set(entity, step.state);
      if (before !== undefined) this.#leaveBehind(entity, before, step.state);
      if (!this.#changed.has(entity)) this.#changed.set(entity, { isNew: false });
    }
    if (step.facts !== undefined) this.#facts.push(...step.facts);
    for (const question of step.questions ?? []) this.#ask(entity, question);
    if (before !== undefined && before !== step.state) this.#askAboutDelete(entity, before, step.state);
    for (const close of step.closes ?? [])
      this.close({ entity, unit: close.unit, kind: close.kind, state: 'closed', decidedBy: null, choice: null });
    for (const write of step.writes ?? []) this.#write(entity, write);
  }

  /**
   * What a held delete stands on may move by any step, also by the answer to another question of the record: it is put as
   * it is then, or nobody could ever answer it.
   */
  #askAboutDelete(entity: EntityId, before: EntityState, after: EntityState): void {
    if (after.presence.kind !== 'delete_held') return;
    const question = deleteQuestion(after, this.hub, after.presence.side);
    if (question.vv !== recordVersion('delete', before)) this.#ask(entity, question);
  }

  /** A key that no longer stands for the entity is unlinked; what is over is no longer asked about. */
  #leaveBehind(entity: EntityId, before: EntityState, after: EntityState): void {
    this.rereads.push(...takenFrom(before, after));
    for (const name in before.sides) {
      const side = name as SideName;
      const { key } = before.sides[side] as Shadow;
      if (after.sides[side]?.key !== key) this.unlink(entity, side, key);
    }
    if (before.presence.kind === 'delete_held' && after.presence.kind !== 'delete_held')
      this.#moot(entity, null, 'delete');
    if (before.hold?.kind === 'children' && after.hold?.kind !== 'children' && after.presence.kind !== 'delete_held')
      this.#moot(entity, null, 'delete');
    if (before.hold?.kind === 'match' && after.hold === null) this.#moot(entity, null, 'match');
    if (duplicatesOf(before).length > 0 && duplicatesOf(after).length === 0) this.#moot(entity, null, 'duplicate');
    if (!hasRefused(before) || hasRefused(after)) return;
    for (const unit of [null, ...this.#options.rules.units.map(({ name }) => name)])
      this.#moot(entity, unit, 'refused');
  }

  /** What was asked answered itself, also when it was asked on this very page. */
  #moot(entity: EntityId, unit: UnitName | null, kind: Question['kind']): void {
    this.#conflicts.delete(`${entity}/${unit ?? ''}/${kind}`);
    this.close({ entity, unit, kind, state: 'closed', decidedBy: null, choice: null });
  }

  close(close: ConflictClose): void {
    this.#closes.set(`${close.entity}/${close.unit ?? ''}/${close.kind}`, close);
  }

  #ask(entity: EntityId, question: Question): void {
    const place = `${entity}/${question.unit ?? ''}/${question.kind}`;
    if (!this.#conflicts.has(place)) this.count('asked');
    this.#conflicts.set(place, {
      entity,
      unit: question.unit,
      kind: question.kind,
      shape: question.shape,
      label: question.label,
      vv: question.vv,
      detail: { agreed: question.agreed, sides: question.sides, note: question.note },
      revision: this.#options.rules.revision,
      rule: question.rule,
    });
  }

  #write(entity: EntityId, write: PlannedWrite): void {
    const items = this.#items.get(write.side) ?? new Map<EntityId, DeliveryItem>();
    const { kind, key, fields, expect, token, version } = write;
    items.set(entity, { entity, kind, key, fields, expect, token, version });
    this.#items.set(write.side, items);
    this.count(plannedCounter[kind]);
    if (kind === 'create') this.link(entity, write.side, key);
  }

  addFact(fact: Fact): void {
    this.#facts.push(fact);
  }

  get deliveryCount(): number {
    return this.#items.size;
  }

  get isEmpty(): boolean {
    return (
      this.#changed.size === 0 &&
      this.#facts.length === 0 &&
      this.#conflicts.size === 0 &&
      this.#closes.size === 0 &&
      this.rereads.length === 0 &&
      this.rereadsDone.length === 0 &&
      this.intents.length === 0
    );
  }

  /** Writes the page. Cursors, mode and the rest of the pair's row may be given; ticks and counters are the page's. */
  async commit(
    rest: Partial<Omit<Changes, 'pair'>> & {
      readonly cursors?: { readonly [side: SideName]: SideCursor };
      readonly pair?: Partial<PairRow>;
    } = {},
  ): Promise<void> {
    const { pair } = this.#transaction;
    const { cursors, pair: pairChanges, ...lists } = rest;
    await this.#leaveTaken();
    const watched = await this.#leaveNamed();
    const deliveries = this.#deliveries();
    const row: PairRow = {
      ...pair,
      ...pairChanges,
      tick: this.isEmpty ? pair.tick : this.hub.tick,
      nextEntity: this.#nextEntity,
      linked: this.#linked,
      waiting: this.#waiting,
      cursors: { ...pair.cursors, ...cursors },
      nextDelivery: deliveries.length === 0 ? pair.nextDelivery : pair.nextDelivery + this.#options.rules.sides.length,
    };
    const run = this.#run(lists.run);
    await this.#transaction.commit({
      ...lists,
      pair: row,
      entities: this.#entities(),
      links: this.#links,
      unlinks: this.#unlinks,
      ...this.found.changes((entity) => this.#states.get(entity)),
      entries: () => this.#entries(),
      deliveries,
      conflicts: [...this.#conflicts.values()],
      closes: [...this.#closes.values()],
      intents: this.intents,
      ...this.#references(watched),
      rereads: this.rereads,
      rereadsDone: this.rereadsDone.filter(
        (done) => !this.rereads.some(({ side, key }) => side === done.side && key === done.key),
      ),
      ...(run === undefined ? {} : { run }),
    });
  }

  #run(given: RunChange | undefined): RunChange | undefined {
    if (Object.keys(this.#counts).length === 0) return given;
    return { ...this.#options.run, ...given, add: { ...this.#counts, ...given?.add } };
  }

  #entities(): EntityChange[] {
    return [...this.#changed].map(([id, { isNew }]) => {
      const state = this.#states.get(id) as EntityState;
      return { id, state: pack(state), standing: standingOf(state, this.#options.rules), isNew };
    });
  }

  /** Where a record of another entity stands none is created: a person is asked (SPEC I15). */
  async #leaveTaken(): Promise<void> {
    for (const taken of await takenCreates(this.#transaction, this, this.#items)) {
      const { side, entity } = taken;
      this.#items.get(side)?.delete(entity);
      this.#links = this.#links.filter((link) => link.entity !== entity || link.side !== side);
      this.count(plannedCounter.create, -1);
      this.take(entity, takenStep(this.#states.get(entity) as EntityState, taken));
    }
  }

  #references(watched: readonly WaitRow[]): Pick<Changes, 'names' | 'waits'> {
    const stateOf = (entity: EntityId): EntityState | undefined => this.#states.get(entity);
    const names = this.#names.changes(stateOf);
    const looked = new Set(watched.map(({ entity }) => entity));
    // Who waits for their children and was not looked at now is watched as before.
    const moved = [...this.#waits].filter((id) => looked.has(id) || stateOf(id)?.hold?.kind !== 'children');
    const waits = this.#parents.waits(this.#options.rules, new Set(moved), stateOf);
    return {
      ...(names.of.length === 0 ? {} : { names }),
      ...(moved.length === 0 ? {} : { waits: { of: waits.of, rows: [...waits.rows, ...watched] } }),
    };
  }

  /** Nothing is deleted that records of other pairs name: these go first (SPEC I14). */
  async #leaveNamed(): Promise<readonly WaitRow[]> {
    const { rules } = this.#options;
    const deletes = [...this.#items].flatMap(([side, items]) =>
      [...items.values()].flatMap(({ kind, entity, key }) => (kind === 'delete' ? [{ side, entity, key }] : [])),
    );
    const watched: WaitRow[] = [];
    for (const parent of await namedParents(this.#transaction, rules, deletes)) {
      const { entity } = parent;
      const step = namedStep(this.#states.get(entity), rules, parent.rows);
      if (step === null) continue;
      for (const items of this.#items.values())
        if (items.get(entity)?.kind === 'delete' && items.delete(entity)) this.count(plannedCounter.delete, -1);
      this.take(entity, step);
      // What was asked before, and is asked again, was not answered in between.
      if (step.questions.length > 0) this.#closes.delete(`${entity}//delete`);
      watched.push(...watchRows(parent));
    }
    return watched;
  }

  /** What a later step of the page took back is not sent. */
  #deliveries(): DeliveryRow[] {
    return [...this.#items].flatMap(([side, planned]) => {
      const id = this.hub.deliveries[side] as number;
      const items = [...planned.values()].filter(
        ({ entity }) => this.#states.get(entity)?.sides[side]?.intent?.delivery === id,
      );
      if (items.length === 0) return [];
      return {
        id,
        pair: this.#options.rules.pair,
        side,
        state: 'planned' as const,
        attempt: 0,
        announced: null,
        count: items.length,
        run: this.#options.run.id,
        plan: this.#options.plan ?? null,
        tick: this.hub.tick,
        createdAtMs: this.hub.nowMs,
        items,
      };
    });
  }

  #entries(): AppendedEntries {
    const { pair, nowMs } = this.#transaction;
    return entriesOf(this.#facts, this.#options, pair, nowMs);
  }
}
