import type { PairId, RecordKey, SideName } from '../core/ids.js';
import { announceTo, carriesSum, fateOf, promised, refuseIfMoved } from './announced-batch.js';
import type { Connector } from './connector.js';
import { DeliveryAnswers, type Claim } from './delivery-answers.js';
import type { DeliverResult, EnginePorts } from './engine.js';
import { nativeWrite } from './native-write.js';
import { Page } from './page.js';
import { isUnproven, withLooks, type Answers } from './prove-answers.js';
import { activeRevision } from './revision.js';
import { takeBack } from './take-back.js';
import type { DeliveryItem, DeliveryRow, PairRow, PairTransaction, SavedRevision } from './store.js';
import { mayWrite } from './take-page.js';
import { waitsForRate, writePlaces } from './write-rate.js';

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
  const places = await writePlaces(ports, revision);
  return ports.store.transact(input.pair, async (transaction) => {
    const delivery = await transaction.delivery(input.delivery);
    if (delivery === null || delivery.state === 'done' || !maySend(transaction.pair, delivery)) return null;
    const sentAtMs = transaction.nowMs;
    if (delivery.state === 'sent')
      return { delivery, items: delivery.items, superseded: [], wasSent: true, isPromised: false, sentAtMs };
    if (await waitsForRate(transaction, revision, delivery.side, places)) return null;
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
    const answer = new DeliveryAnswers(page, claim, connector);
    items.forEach((item, index) => {
      const outcome = outcomes[index] ?? { kind: 'unknown' };
      if (isUnproven(item, outcome)) answer.look(item, looked.get(item.key) ?? null, 'yes');
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
  const found = new Map(
    (await connector.readByKeys(items.map(({ key }) => key))).map((record) => [record.key, record]),
  );
  const kept = await keptFromSight(connector, items, found);
  return ports.store.transact(delivery.pair, async (transaction) => {
    const page = pageOf(ports, revision, transaction, delivery);
    await page.fetch(items.map(({ entity }) => entity));
    const answer = new DeliveryAnswers(page, claim, connector);
    refuseIfMoved(delivery, await transaction.delivery(delivery.id));
    for (const item of items) {
      const image = images[item.entity];
      if (kept.has(item.key)) answer.lookAgain(item);
      else if (image !== undefined) answer.take(item, { kind: 'accepted', record: image });
      else answer.look(item, found.get(item.key) ?? null, fate === 'unknown' ? 'lost' : 'not made');
    }
    return answer.commit(transaction.pair, revision);
  });
}

/** Records that were to be deleted, are not shown, and are there all the same as far as their side knows (SPEC D14-D16). */
async function keptFromSight(
  connector: Pick<Connector, 'whereabouts'>,
  items: readonly DeliveryItem[],
  found: ReadonlyMap<RecordKey, unknown>,
): Promise<ReadonlySet<RecordKey>> {
  const keys = items.flatMap(({ kind, key }) => (kind === 'delete' && !found.has(key) ? [key] : []));
  const absences = keys.length === 0 ? [] : ((await connector.whereabouts?.(keys)) ?? []);
  return new Set(absences.flatMap(({ key, kind }) => (kind === 'deleted' ? [] : [key])));
}
