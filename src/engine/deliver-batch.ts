import { acknowledge, type Outcome } from '../core/acknowledge.js';
import { vectorText, type Vector } from '../core/clock/version-vector.js';
import type { EntityId, PairId, RecordKey, SideName, UnitName } from '../core/ids.js';
import type { Receipt } from '../core/ledger/fold.js';
import { observe } from '../core/observe.js';
import { observeAbsent } from '../core/absence.js';
import { askedAgain } from '../core/duplicate.js';
import { deleteQuestion } from '../core/presence.js';
import type { Snapshot } from '../core/record.js';
import type { PairRules } from '../core/rules.js';
import { standingOf } from '../core/standing.js';
import { withoutIntents, withSide } from '../core/register.js';
import type { EntityState, Intent, Shadow } from '../core/state.js';
import { announceTo, carriesSum, fateOf, promised, refuseIfMoved } from './announced-batch.js';
import type { Connector, WriteOutcome } from './connector.js';
import type { DeliverResult, EnginePorts } from './engine.js';
import { nativeWrite } from './native-write.js';
import { Page } from './page.js';
import { isUnproven, withLooks, type Answers } from './prove-answers.js';
import { overCounter } from './write-counters.js';
import { activeRevision } from './revision.js';
import { withProblem } from './side-problem.js';
import { takeBack } from './take-back.js';
import type { DeliveryItem, DeliveryRow, IntentRow, PairRow, PairTransaction, SavedRevision } from './store.js';
import { decideOn, mayWrite, settleMode, settleOn } from './take-page.js';
import { waitsForRate } from './write-rate.js';

/**
 * Delivers one page of writes to one side (architecture, step 6): claim, write, acknowledge; two transactions and one
 * batch of the connector, whatever its size. A delivery that an earlier attempt left `sent` may have landed: it is
 * resolved by looking at every record before anything else is written there (SPEC I10).
 */
export async function deliverBatch(
  ports: EnginePorts,
  input: { pair: PairId; delivery: number },
  signal?: AbortSignal,
): Promise<DeliverResult> {
  const pair = await ports.store.pair(input.pair);
  const revision = await activeRevision(ports, pair);
  const claim = await claimDelivery(ports, revision, input);
  if (claim === null) return nothingDone;
  if (!revision.rules.sides.some(({ name }) => name === claim.delivery.side)) return giveUp(ports, claim.delivery);
  try {
    const connector = await openSide(ports, revision, claim.delivery.side);
    if (claim.wasSent) return await resolveSent(ports, revision, connector, claim, signal);
    const writes = claim.items.map((item) => nativeWrite(ports, claim.delivery, item));
    const announce = claim.isPromised ? announceTo(ports, claim.delivery, claim.items) : undefined;
    const outcomes = writes.length === 0 ? [] : await connector.write(writes, signal, announce);
    const answers = await withLooks(ports, connector, claim, outcomes);
    return await acknowledgeAll(ports, revision, { claim, connector }, answers);
  } catch (error) {
    await takeBack(ports, claim, error);
    ports.log.warn(
      { pair: input.pair, delivery: input.delivery, side: claim.delivery.side },
      'A delivery was not confirmed; it is looked at again before anything else is written.',
    );
    throw error;
  }
}

/** The approved file no longer has the side: nobody can look there any more, and nothing is written there again. */
async function giveUp(ports: EnginePorts, { pair, id, side, attempt }: DeliveryRow): Promise<DeliverResult> {
  await ports.store.transact(pair, (transaction) =>
    transaction.commit({ pair: transaction.pair, deliveryStates: [{ id, state: 'done', attempt }] }),
  );
  ports.log.warn({ pair, delivery: id, side }, 'A delivery was given up: the pair no longer has the side.');
  return nothingDone;
}

const nothingDone: DeliverResult = { written: 0, refused: 0, stale: 0, unknown: 0 };

type Claim = {
  readonly delivery: DeliveryRow;
  readonly items: readonly DeliveryItem[];
  /** Items whose entity moved on since they were planned: never sent. */
  readonly superseded: readonly DeliveryItem[];
  readonly wasSent: boolean;
  /** Its batch takes effect only after it was announced. */
  readonly isPromised: boolean;
  /** When it had not yet left, on the hub's clock. */
  readonly sentAtMs: number;
};

async function openSide(ports: EnginePorts, revision: SavedRevision, side: SideName): Promise<Connector> {
  const rules = revision.rules.sides.find(({ name }) => name === side);
  if (rules === undefined) throw new Error(`assertion failed: delivery to unknown side ${side}`);
  return ports.connectors.open(revision, rules);
}

/** Marks the delivery as sent, before the first byte leaves; items that were superseded meanwhile stay behind. */
async function claimDelivery(
  ports: EnginePorts,
  revision: SavedRevision,
  input: { pair: PairId; delivery: number },
): Promise<Claim | null> {
  return ports.store.transact(input.pair, async (transaction) => {
    const delivery = await transaction.delivery(input.delivery);
    if (delivery === null || delivery.state === 'done' || !maySend(transaction.pair, delivery)) return null;
    const sentAtMs = transaction.nowMs;
    if (delivery.state === 'sent')
      return { delivery, items: delivery.items, superseded: [], wasSent: true, isPromised: false, sentAtMs };
    if (await waitsForRate(transaction, revision, delivery.side)) return null;
    const page = pageOf(ports, revision, transaction, delivery);
    const moved = new Set(
      await transaction.movedSince(
        delivery.items.map(({ entity }) => entity),
        delivery.tick,
      ),
    );
    if (moved.size > 0) page.load(await transaction.entitiesByIds([...moved]));
    const isCurrent = ({ entity }: DeliveryItem): boolean =>
      !moved.has(entity) || page.state(entity)?.sides[delivery.side]?.intent?.delivery === delivery.id;
    const items = delivery.items.filter(isCurrent);
    const superseded = delivery.items.filter((item) => !isCurrent(item));
    const isPromised = carriesSum(revision.rules, delivery);
    await transaction.commit({
      pair: transaction.pair,
      deliveryStates: [
        {
          id: delivery.id,
          state: 'sent',
          attempt: delivery.attempt + 1,
          ...(isPromised ? { announced: promised } : {}),
        },
      ],
    });
    return { delivery, items, superseded, wasSent: false, isPromised, sentAtMs };
  });
}

/** A stop of the writes holds for everything but what an approved plan lists and what is already under way. */
function maySend(pair: PairRow, delivery: DeliveryRow): boolean {
  if (delivery.state === 'sent') return true;
  if (!mayWrite(pair)) return false;
  return pair.halt === null || delivery.plan !== null;
}

function pageOf(
  ports: EnginePorts,
  revision: SavedRevision,
  transaction: PairTransaction,
  delivery: DeliveryRow,
): Page {
  return new Page(transaction, {
    rules: revision.rules,
    source: 'delivery',
    run: { id: delivery.run, kind: delivery.plan === null ? 'poll' : 'apply' },
    plan: delivery.plan,
    delivery: delivery.id,
    hasher: ports.hasher,
    evaluate: ports.evaluate,
  });
}

async function acknowledgeAll(
  ports: EnginePorts,
  revision: SavedRevision,
  { claim, connector }: { readonly claim: Claim; readonly connector: Connector },
  { outcomes, looked }: Answers,
): Promise<DeliverResult> {
  const { delivery, items } = claim;
  return ports.store.transact(delivery.pair, async (transaction) => {
    const page = pageOf(ports, revision, transaction, delivery);
    await page.fetch(items.map(({ entity }) => entity));
    const answer = new Answer(page, claim, connector.whereabouts !== undefined);
    items.forEach((item, index) => {
      const outcome = outcomes[index] ?? { kind: 'unknown' };
      if (isUnproven(item, outcome)) answer.look(item, looked.get(item.key) ?? null, page.hub.tick, 'yes');
      else answer.take(item, outcome);
    });
    for (const item of claim.superseded) answer.leave(item);
    return answer.commit(transaction.pair, revision);
  });
}

/** Looks at every record that a lost attempt may have written, and lets the observation say what happened (§1.6). */
async function resolveSent(
  ports: EnginePorts,
  revision: SavedRevision,
  connector: Connector,
  claim: Claim,
  signal: AbortSignal | undefined,
): Promise<DeliverResult> {
  const { delivery, items } = claim;
  const { fate, images } = await fateOf(connector, delivery, signal);
  const before = await ports.store.pair(delivery.pair);
  const found = new Map(
    (await connector.readByKeys(items.map(({ key }) => key))).map((record) => [record.key, record]),
  );
  return ports.store.transact(delivery.pair, async (transaction) => {
    const page = pageOf(ports, revision, transaction, delivery);
    await page.fetch(items.map(({ entity }) => entity));
    const answer = new Answer(page, claim, connector.whereabouts !== undefined);
    refuseIfMoved(delivery, await transaction.delivery(delivery.id));
    for (const item of items) {
      const image = images[item.entity];
      if (image !== undefined) answer.take(item, { kind: 'accepted', record: image });
      else answer.look(item, found.get(item.key) ?? null, before.tick, fate === 'unknown' ? 'lost' : 'not made');
    }
    return answer.commit(transaction.pair, revision);
  });
}

/**
 * What moved since a plan was approved is not written under it: the next plan lists what is undecided. But what was
 * found is decided as any reading is, so that an open question shows it; and a record that waits for a person, which no
 * plan lists as undecided, is written by the next run as far as nothing is asked.
 */
function leaveOut(page: Page, entity: EntityId, rules: PairRules): void {
  decideOn(page, entity, rules, 'hold');
  const state = page.state(entity);
  if (state !== undefined && standingOf(state, rules) !== 'undecided') page.leaveWaiting(true);
}

/** Gathers what a side answered into one page: states, receipts, questions and what was not clean. */
class Answer {
  readonly #page: Page;
  readonly #delivery: DeliveryRow;
  readonly #sentAtMs: number;
  readonly #tellsMore: boolean;
  readonly #receipts: Receipt[] = [];
  readonly #counts = { written: 0, refused: 0, stale: 0, unknown: 0 };
  readonly #settle: EntityId[] = [];
  /** Records that moved since a plan was approved. */
  readonly #leftOut: EntityId[] = [];

  /**
   * `sentAtMs`: no answer and no look of these is older than that. `tellsMore`: the side can say what became of a record
   * that is not there, so it is asked before anybody takes it for deleted.
   */
  constructor(page: Page, { delivery, sentAtMs }: Claim, tellsMore: boolean) {
    this.#page = page;
    this.#delivery = delivery;
    this.#sentAtMs = sentAtMs;
    this.#tellsMore = tellsMore;
  }

  take(item: DeliveryItem, outcome: WriteOutcome): void {
    const { side } = this.#delivery;
    const state = this.#page.state(item.entity);
    const intent = state?.sides[side]?.intent;
    if (outcome.kind !== 'unknown') this.#page.count(overCounter[item.kind]);
    if (state === undefined || intent?.delivery !== this.#delivery.id) return;
    if (outcome.kind === 'unknown') {
      this.#counts.unknown += 1;
      this.note(item, 'unknown', null, null);
      return;
    }
    const isMissing = outcome.kind === 'stale' && outcome.record === null && item.kind !== 'create';
    if (isMissing && this.#tellsMore) return this.#lookAgain(item, state, intent);
    const answered = acknowledge(item.entity, state, this.#page.hub, side, { outcome, sentAtMs: this.#sentAtMs });
    this.#page.take(item.entity, { state: answered.state, facts: answered.facts, questions: answered.questions });
    if (outcome.kind === 'accepted') this.#receive(item, outcome.record?.key ?? item.key, answered.proven);
    if (outcome.kind === 'stale') this.#stale(item, intent);
    if (outcome.kind === 'stale' && this.#delivery.plan !== null) {
      this.#leftOut.push(item.entity);
      return;
    }
    if (outcome.kind === 'refused') {
      this.#counts.refused += 1;
      this.note(item, 'refused', outcome.code, outcome.message);
    }
    this.#settle.push(item.entity);
  }

  /** The write was not made: its record is not there. What became of it is asked with the next page of the side. */
  #lookAgain(item: DeliveryItem, state: EntityState, intent: Intent): void {
    const { side } = this.#delivery;
    const shadow = state.sides[side] as Shadow;
    this.#stale(item, intent);
    const idle = withSide(state, side, { ...shadow, intent: null, token: null });
    this.#page.take(item.entity, { state: idle, questions: askedAgain(idle) });
    this.#page.rereads.push({ side, key: item.key });
  }

  /** The look after an answer that was lost, or that was a bare yes: what is there now decides what happened. */
  look(item: DeliveryItem, record: Snapshot | null, readTick: number, answer: 'lost' | 'yes' | 'not made'): void {
    const { side } = this.#delivery;
    const state = this.#page.state(item.entity);
    const intent = state?.sides[side]?.intent;
    if (state === undefined || intent?.delivery !== this.#delivery.id) return;
    this.#page.count(overCounter[item.kind]);
    const { hub } = this.#page;
    if (record === null && intent.kind === 'update' && this.#tellsMore) return this.#lookAgain(item, state, intent);
    if (record === null) {
      const outcome: Outcome =
        intent.kind === 'delete' ? { kind: 'accepted', record: null } : { kind: 'stale', record: null };
      const answered = acknowledge(item.entity, state, hub, side, { outcome, sentAtMs: this.#sentAtMs });
      const gone =
        intent.kind === 'update'
          ? observeAbsent(item.entity, answered.state, hub, side, { kind: 'deleted', readTick: hub.tick })
          : null;
      this.#page.take(item.entity, {
        state: gone?.state ?? answered.state,
        facts: [...answered.facts, ...(gone?.facts ?? [])],
        questions: [...answered.questions, ...(gone?.questions ?? [])],
      });
      this.note(item, intent.kind === 'delete' ? 'landed' : 'not_landed', null, null);
    } else {
      // What is certain not to have been made is no doubt: whatever stands there, others made it.
      const known = answer === 'not made' ? withoutIntents(state, (id) => id !== this.#delivery.id) : state;
      const seen = observe(item.entity, known, hub, side, {
        snapshot: record,
        readTick: Math.max(readTick, state.sides[side]?.tick ?? 0),
        readAtMs: hub.nowMs,
        beganAtMs: this.#sentAtMs,
        complete: hub.complete?.[side] ?? null,
        isAfterYes: answer === 'yes',
        isLook: true,
      });
      // A delete that did not land and met an edit is held now: it is asked about as from any other reading.
      const { presence } = seen.state;
      const questions =
        presence.kind === 'delete_held' ? [deleteQuestion(seen.state, hub, presence.side)] : askedAgain(seen.state);
      this.#page.take(item.entity, { state: seen.state, facts: seen.facts, questions });
      const landed = seen.facts.some(({ effects }) => effects.length > 0);
      this.note(item, landed ? 'landed' : 'not_landed', null, null);
      if (landed) this.#counts.written += 1;
    }
    this.#settle.push(item.entity);
  }

  /** Something newer took its place before it was sent. */
  leave(item: DeliveryItem): void {
    this.#page.count(overCounter[item.kind]);
    this.note(item, 'superseded', null, null);
  }

  note(item: DeliveryItem, state: IntentRow['state'], code: string | null, message: string | null): void {
    const units = this.#page.state(item.entity)?.sides[this.#delivery.side]?.intent?.units ?? {};
    this.#page.intents.push({
      delivery: this.#delivery.id,
      entity: item.entity,
      side: this.#delivery.side,
      kind: item.kind,
      units: Object.keys(units) as UnitName[],
      state,
      code,
      message,
      atMs: this.#page.hub.nowMs,
    });
  }

  async commit(pair: PairRow, revision: SavedRevision): Promise<DeliverResult> {
    const { side, id, attempt } = this.#delivery;
    for (const entity of this.#settle) settleOn(this.#page, entity, revision.rules, settleMode(pair));
    for (const entity of this.#leftOut) leaveOut(this.#page, entity, revision.rules);
    if (this.#receipts.length > 0) {
      this.#page.addFact({
        kind: 'delivered',
        entity: null,
        side,
        actor: { kind: 'side', side },
        rule: 'confirmed by the side',
        dot: null,
        effects: [],
        detail: { receipts: this.#receipts },
        lo: null,
        hi: this.#page.hub.nowMs,
      });
    }
    const { written, refused, stale, unknown } = this.#counts;
    this.#page.count('written', written);
    this.#page.count('refused', refused);
    this.#page.count('stale', stale);
    await this.#page.commit({
      cursors: pair.cursors[side]?.writeProblem == null ? {} : withProblem(pair, side, 'written', null),
      deliveryStates: [
        { id, state: unknown > 0 ? 'sent' : 'done', attempt: attempt + 1, outcome: { ...this.#counts } },
      ],
    });
    return { written, refused, stale, unknown };
  }

  #receive(item: DeliveryItem, key: RecordKey, proven: { readonly [unit: UnitName]: Vector }): void {
    this.#counts.written += 1;
    const isNews = item.kind === 'create' || key !== item.key;
    this.#receipts.push({ entity: item.entity, ...(isNews ? { key } : {}), units: proven });
    if (item.kind === 'create') {
      this.#page.linkedMore(1);
      if (key !== item.key) this.#page.link(item.entity, this.#delivery.side, key);
    }
  }

  #stale(item: DeliveryItem, intent: Intent): void {
    this.#counts.stale += 1;
    const units = Object.values(intent.units).map((unit) => vectorText((unit as { vv: Vector }).vv));
    this.note(item, 'stale', null, units.join('; '));
  }
}
