import { observeAbsent } from '../core/absence.js';
import { acknowledge, type Outcome } from '../core/acknowledge.js';
import { askedAgain } from '../core/asked-again.js';
import { vectorText, type Vector } from '../core/clock/version-vector.js';
import type { EntityId, RecordKey, UnitName } from '../core/ids.js';
import type { Receipt } from '../core/ledger/fold.js';
import { showsAnother } from '../core/made.js';
import { observe } from '../core/observe.js';
import { deleteQuestion } from '../core/presence.js';
import type { Snapshot } from '../core/record.js';
import { withoutIntents, withSide } from '../core/register.js';
import type { PairRules } from '../core/rules.js';
import { standingOf } from '../core/standing.js';
import type { EntityState, Intent, Shadow } from '../core/state.js';
import type { Connector, WriteOutcome } from './connector.js';
import type { DeliverResult } from './engine.js';
import type { Page } from './page.js';
import { withProblem } from './side-problem.js';
import type { DeliveryItem, DeliveryRow, IntentRow, PairRow, SavedRevision } from './store.js';
import { decideOn, settleMode, settleOn } from './take-page.js';
import { overCounter } from './write-counters.js';
/** A delivery that somebody is at work on. */
export type Claim = {
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
export class DeliveryAnswers {
  readonly #page: Page;
  readonly #delivery: DeliveryRow;
  readonly #sentAtMs: number;
  readonly #tellsMore: boolean;
  readonly #mayComeLate: boolean;
  readonly #receipts: Receipt[] = [];
  readonly #counts = { written: 0, refused: 0, stale: 0, unknown: 0 };
  readonly #settle: EntityId[] = [];
  /** Records that moved since a plan was approved. */
  readonly #leftOut: EntityId[] = [];

  /**
   * `sentAtMs`: no answer and no look of these is older than that. A side that can say what became of a record that is not
   * there is asked before anybody takes it for deleted.
   */
  constructor(page: Page, { delivery, sentAtMs }: Claim, connector: Connector) {
    this.#page = page;
    this.#delivery = delivery;
    this.#sentAtMs = sentAtMs;
    this.#tellsMore = connector.whereabouts !== undefined;
    this.#mayComeLate = connector.mayComeLate === true;
  }

  take(item: DeliveryItem, answer: WriteOutcome): void {
    const { side } = this.#delivery;
    const state = this.#page.state(item.entity);
    const intent = state?.sides[side]?.intent;
    if (answer.kind !== 'unknown') this.#page.count(overCounter[item.kind]);
    if (state === undefined || intent?.delivery !== this.#delivery.id) return;
    const outcome = answer.kind === 'stale' ? { ...answer, record: this.#own(state, answer.record) } : answer;
    if (answer.kind === 'accepted') this.#own(state, answer.record);
    if (outcome.kind === 'unknown') {
      this.#counts.unknown += 1;
      this.note(item, 'unknown', null, null);
      return;
    }
    const isMissing = outcome.kind === 'stale' && outcome.record === null && item.kind !== 'create';
    if (isMissing && this.#tellsMore) return this.#lookAgain(item, state, intent);
    const answered = acknowledge(item.entity, state, this.#page.hub, side, { outcome, sentAtMs: this.#sentAtMs });
    this.#page.take(item.entity, { state: answered.state, facts: answered.facts, questions: answered.questions });
    if (answered.readsAgain === true) this.#page.rereads.push({ side, key: item.key });
    if (outcome.kind === 'accepted')
      this.#receive(item, {
        key: outcome.record?.key ?? item.key,
        proven: answered.proven,
        exposedMs: outcome.exposedMs,
      });
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

  /** What a side shows under the key of the record, unless another one has the key: then the record is not there, and the key is read. */
  #own(state: EntityState, record: Snapshot | null): Snapshot | null {
    const { side } = this.#delivery;
    if (record === null || !showsAnother(state, this.#page.hub.rules, side, record)) return record;
    this.#page.rereads.push({ side, key: record.key });
    return null;
  }

  /** The write was not made: its record is not there. What became of it is asked with the next page of the side. */
  #lookAgain(item: DeliveryItem, state: EntityState, intent: Intent): void {
    const { side } = this.#delivery;
    const shadow = state.sides[side] as Shadow;
    this.#stale(item, intent);
    const idle = withSide(state, side, { ...shadow, intent: null, token: null });
    this.#page.take(item.entity, { state: idle, questions: askedAgain(state, idle) });
    this.#page.rereads.push({ side, key: item.key });
  }

  /** A delete in doubt whose record is kept from sight: the one thing that is certain is that it was not deleted by us. */
  lookAgain(item: DeliveryItem): void {
    const state = this.#page.state(item.entity);
    const intent = state?.sides[this.#delivery.side]?.intent;
    if (state === undefined || intent?.delivery !== this.#delivery.id) return;
    this.#page.count(overCounter[item.kind]);
    this.#lookAgain(item, state, intent);
  }

  /**
   * The look after an answer that was lost, or that was a bare yes: what is there now decides what happened. Like an answer
   * it fences what began to be read before it is committed: a reading that began at the same tick may be the older one.
   */
  look(item: DeliveryItem, shown: Snapshot | null, answer: 'lost' | 'yes' | 'not made'): void {
    const { side } = this.#delivery;
    const state = this.#page.state(item.entity);
    const intent = state?.sides[side]?.intent;
    if (state === undefined || intent?.delivery !== this.#delivery.id) return;
    const record = this.#own(state, shown);
    const isArchiving = intent.kind === 'archive' || intent.kind === 'unarchive';
    if (answer === 'yes' && record !== null && isArchiving) return this.take(item, { kind: 'accepted', record });
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
        readTick: hub.tick,
        readAtMs: hub.nowMs,
        beganAtMs: this.#sentAtMs,
        complete: hub.complete?.[side] ?? null,
        isAfterYes: answer === 'yes',
        isLook: true,
        mayComeLate: this.#mayComeLate,
      });
      if (seen.state.sides[side]?.late !== undefined) this.#page.rereads.push({ side, key: record.key });
      // A delete that did not land and met an edit is held now: it is asked about as from any other reading.
      const { presence } = seen.state;
      const questions =
        presence.kind === 'delete_held'
          ? [deleteQuestion(seen.state, hub, presence.side)]
          : askedAgain(state, seen.state);
      this.#page.take(item.entity, { state: seen.state, facts: seen.facts, questions });
      const moved = seen.state.sides[side]?.presence !== state.sides[side]?.presence;
      const landed = (isArchiving && moved) || seen.facts.some(({ effects }) => effects.length > 0);
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
        lo: this.#sentAtMs,
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

  #receive(
    item: DeliveryItem,
    { key, proven, exposedMs }: { key: RecordKey; proven: Receipt['units']; exposedMs: number | undefined },
  ): void {
    this.#counts.written += 1;
    const isNews = item.kind === 'create' || key !== item.key;
    const exposed = exposedMs === undefined ? {} : { exposedMs };
    this.#receipts.push({ entity: item.entity, ...(isNews ? { key } : {}), units: proven, ...exposed });
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
