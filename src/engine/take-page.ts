import { hasCode, ParleyError } from '../core/errors.js';
import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { showsArchive } from '../core/archive.js';
import { sideRules } from '../core/hub.js';
import type { Observation } from '../core/observe.js';
import type { Disappearance } from '../core/absence.js';
import { askedAgain } from '../core/asked-again.js';
import { unitsOf } from '../core/hub.js';
import { readUnit } from '../core/mapping/mapping.js';
import type { Snapshot } from '../core/record.js';
import type { PairRules } from '../core/rules.js';
import type { SettleMode } from '../core/planned-write.js';
import { withoutIntents } from '../core/register.js';
import { settle } from '../core/settle.js';
import type { ReadPage } from './connector.js';
import { lookForAbsent, type Disappearances } from './disappearances.js';
import type { EnginePorts, TakePageInput, TakePageResult } from './engine.js';
import { buriedIn, isBack, isLinkable } from './buried.js';
import { identify, releaseCandidates, type Ended } from './identify.js';
import { goneOn, observeOn } from './observe-on.js';
import { takeOrphans } from './orphans.js';
import { afterMerges, takeMerges } from './merge-records.js';
import { isUnexpected, stopBefore } from './other-history.js';
import { knowReturned, takeReplaced } from './made-anew.js';
import { Page } from './page.js';
import { activeRevision, revisionOf } from './revision.js';
import { pairFact } from './pair-fact.js';
import { lookedAtAgain, pacedNow, readyWaits } from './ready-records.js';
import { noteUnread, problemSince } from './side-problem.js';
import { takeAhead } from './take-ahead.js';
import { releaseKeys } from './taken-key.js';
import type { PairRow, PairTransaction, PassStart, SavedRevision, SideCursor } from './store.js';

/** A page is held in memory until it is committed: twice as many records cost twice the memory and save no time. */
export const pageSizeDefault = 2_500;

/**
 * Reads one page of one side, decides it and commits it with its cursor (architecture, steps 1-5). A crash before the
 * commit means that the page is read again and changes nothing twice; a second reader loses the race for the cursor.
 *
 * For a plan the page is only observed: observations are facts, decisions wait for approval. A pair that already runs
 * goes on under its approved revision meanwhile; what a plan with other rules reads is taken by `takeAhead`.
 */
export async function takePage(ports: EnginePorts, input: TakePageInput): Promise<TakePageResult> {
  const { store } = ports;
  const pair = await store.pair(input.pair);
  const active = pair.revision === null ? null : await activeRevision(ports, pair);
  const reading = input.plan === null ? active : await planRevision(ports, input.plan);
  if (reading === null) return nothingRead;
  const ahead = active !== null && active.id !== reading.id ? { active: active.rules, next: reading.rules } : null;
  const paced = ahead === null ? await pacedNow(ports, active, ports.pageSize ?? pageSizeDefault) : [];
  const look = await lookAtSide(ports, pair, reading, { ...input, again: ahead === null }).catch(
    async (error: unknown) => {
      // What is wrong with the side matters more than that it cannot be written down.
      await noteUnread(ports, input, error).catch(() => undefined);
      throw error;
    },
  );
  if (look === 'again') return { read: 0, changed: 0, more: true };
  return store.transact(input.pair, async (transaction) => {
    refuseIfMoved(pair, transaction.pair, input.side);
    if (await isOthers(transaction, input)) return nothingRead;
    const page = new Page(transaction, {
      rules: ahead?.active ?? reading.rules,
      source: input.plan === null ? 'poll' : 'plan',
      // A lookout that was left behind may carry the number of a run that has ended: nobody would brake what it plans.
      run: { id: transaction.pair.nextRun, kind: input.plan === null ? 'poll' : 'plan' },
      hasher: ports.hasher,
      evaluate: ports.evaluate,
    });
    if (isUnexpected(transaction.pair, input, look.page)) {
      await stopBefore(page, transaction, input.side);
      return nothingRead;
    }
    const taking: Taking = {
      transaction,
      page,
      side: input.side,
      look,
      settleRules: active?.rules ?? null,
      asks: input.plan === null,
      paced,
    };
    const { side, records, deleted, split, absent = [] } = { ...look.page, side: input.side };
    if (ahead === null) {
      await takeAll(taking, ports.pageSize ?? pageSizeDefault);
    } else {
      const { tick: readTick, atMs: beganAtMs } = look.pass;
      await takeAhead({ transaction, page, side, records, deleted, absent, readTick, beganAtMs, ...ahead });
    }
    noteSplit(page, side, split);
    const stored = transaction.pair.cursors[side];
    const cursor = {
      ...cursorAfter(stored, look, transaction.nowMs),
      ...(ahead === null ? {} : { complete: stored?.complete ?? null }),
    };
    await page.commit({
      cursors: { [input.side]: cursor },
      setAside: look.page.setAside.map(({ place, reason, key }) => ({
        side: input.side,
        place,
        reason,
        key: key ?? null,
      })),
      setAsideCleared: tellsSetAside(look) ? [input.side] : [],
    });
    return {
      read: look.page.records.length + look.page.deleted.length,
      changed: page.isEmpty ? 0 : 1,
      more: look.page.more,
    };
  });
}

/** Half of a source transaction is committed, for it is larger than a page may hold. Rows shown again are no news (SPEC I8). */
function noteSplit(page: Page, side: SideName, why: string | undefined): void {
  if (why === undefined || page.isEmpty) return;
  page.addFact(pairFact('a transaction is taken in parts', { kind: 'rule' }, { side, why }));
}

const nothingRead: TakePageResult = { read: 0, changed: 0, more: false };

/**
 * Whether somebody else reads the side now. While a plan reads it in full, a poll that took a page of that pass would keep
 * it from the plan; and a plan that was superseded takes nothing from the one that took its place.
 */
async function isOthers(transaction: PairTransaction, { side, plan }: TakePageInput): Promise<boolean> {
  const stored = transaction.pair.cursors[side];
  const isBetweenPasses = stored !== undefined && stored.cursor !== null && stored.pass === null;
  if (plan === null && isBetweenPasses) return false;
  const open = await transaction.openPlan();
  return plan === null ? open?.state === 'reading' : open?.id !== plan || open.state !== 'reading';
}

/**
 * What was read before the lock was taken is decided only if nobody read the side or changed the rules in between.
 * @throws ParleyError `store.conflict` (retryable)
 */
export function refuseIfMoved(before: PairRow, now: PairRow, side: SideName): void {
  if (now.cursors[side]?.cursor === before.cursors[side]?.cursor && now.revision === before.revision) return;
  throw new ParleyError(
    'store.conflict',
    `Somebody else read ${side} of pair "${before.pair}" or changed its rules meanwhile. ` +
      `Nothing was lost; the page is read again.`,
  );
}

async function planRevision(ports: EnginePorts, id: number): Promise<SavedRevision> {
  const plan = await ports.store.plan(id);
  if (plan === null) throw new ParleyError('plan.not_found', `There is no plan ${id}.`);
  return revisionOf(ports, plan.pair, plan.revision);
}

/** What one look at the side brought: the feed's page, and the records that had to be read again by key. */
type Look = {
  readonly cursor: string | null;
  readonly isFirst: boolean;
  readonly pass: PassStart;
  readonly page: ReadPage;
  readonly again: { readonly keys: readonly RecordKey[]; readonly records: readonly Snapshot[]; readonly tick: number };
  /** More records than a page holds wait to be read again: what they show is not known yet. */
  readonly isBehind: boolean;
  readonly mayComeLate: boolean;
  /** What became of what the page and the second look do not show. */
  readonly absent: Disappearances;
};

async function lookAtSide(
  ports: EnginePorts,
  pair: PairRow,
  revision: SavedRevision,
  input: TakePageInput & { readonly again: boolean },
): Promise<Look | 'again'> {
  const { store } = ports;
  const rules = revision.rules.sides.find(({ name }) => name === input.side);
  if (rules === undefined) throw new ParleyError('pair.not_found', `Pair "${input.pair}" has no side "${input.side}".`);
  const connector = await ports.connectors.open(revision, rules);
  const stored = pair.cursors[input.side];
  const cursor = stored?.cursor ?? null;
  const pass = stored?.pass ?? { tick: pair.tick, atMs: await store.nowMs() };
  const limit = ports.pageSize ?? pageSizeDefault;
  const waiting = input.again ? await store.rereads(input.pair, input.side, limit + 1) : [];
  const keys = waiting.slice(0, limit);
  const records = keys.length === 0 ? [] : await connector.readByKeys(keys);
  try {
    const page = withoutSuspects(await connector.read({ cursor, limit }));
    const shown = new Set(records.map(({ key }) => key));
    const lost = [...keys.filter((key) => !shown.has(key)), ...page.deleted];
    return {
      cursor,
      isFirst: stored?.pass == null,
      pass,
      page,
      again: { keys, records, tick: pair.tick },
      isBehind: waiting.length > limit,
      mayComeLate: connector.mayComeLate === true,
      absent: await lookForAbsent(connector, input.again ? lost : [], page.absent),
    };
  } catch (error) {
    if (!hasCode(error, 'connector.cursor_expired')) throw error;
    ports.log.warn({ pair: input.pair, side: input.side }, 'The cursor expired; the side is read in full.');
    await restart(ports, input.pair, input.side);
    return 'again';
  }
}

/** Nothing in a page that looks wrong as a whole creates, changes or deletes anything. */
function withoutSuspects(page: ReadPage): ReadPage {
  return page.suspect === undefined ? page : { ...page, records: [], deleted: [], absent: [] };
}

async function restart(ports: EnginePorts, pair: PairRow['pair'], side: SideName): Promise<void> {
  await ports.store.transact(pair, async (transaction) => {
    const stored = transaction.pair.cursors[side];
    const cursor: SideCursor = {
      problem: null,
      ...stored,
      cursor: null,
      pass: null,
      complete: stored?.complete ?? null,
    };
    await transaction.commit({
      pair: { ...transaction.pair, cursors: { ...transaction.pair.cursors, [side]: cursor } },
    });
  });
}

/**
 * The first page of a pass tells every row that is set aside, also when there is none any more. A feed that stands
 * where it stood has not looked and says nothing.
 */
function tellsSetAside({ isFirst, cursor, page }: Look): boolean {
  return isFirst && (page.setAside.length > 0 || page.cursor !== cursor);
}

function cursorAfter(stored: SideCursor | undefined, { page, pass, isBehind }: Look, nowMs: number): SideCursor {
  const { suspect } = page;
  const found = suspect === undefined ? null : ({ code: 'connector.source_invalid', text: suspect } as const);
  return {
    ...stored,
    cursor: page.cursor,
    pass: page.more ? pass : null,
    // A pass that was not believed says nothing about records that it did not return; nor does one that left some unread.
    complete: page.more || isBehind || suspect !== undefined ? (stored?.complete ?? null) : pass,
    problem: found === null ? null : problemSince(stored?.problem, found, nowMs),
  };
}

type Taking = {
  readonly transaction: PairTransaction;
  readonly page: Page;
  readonly side: SideName;
  readonly look: Look;
  readonly settleRules: PairRules | null;
  /** Whether likely matches are asked at once; a plan lists them first. */
  readonly asks: boolean;
  /** Records that a budget of writes held back. */
  readonly paced: readonly EntityId[];
};

async function takeAll(taking: Taking, limit: number): Promise<void> {
  const { transaction, page, settleRules, paced } = taking;
  if (settleRules !== null) {
    const mode = settleMode(transaction.pair);
    const ready = [...paced, ...(await readyWaits(transaction, settleRules, limit))];
    if (ready.length > 0) await page.fetch(ready);
    for (const id of ready) settleOn(page, lookedAtAgain(page, id), settleRules, mode);
    for (const id of await takeOrphans(transaction, page, settleRules, limit)) settleOn(page, id, settleRules, mode);
  }
  await takeRecords(taking);
}

/**
 * A feed may show only what changed of a record. Of one that nobody knows, because it was not shown before, that is not
 * what it holds: it is read by its key. In the first pass a side shows all that it ever will.
 */
function withoutParts(
  { transaction, page, side }: Taking,
  known: ReadonlyMap<RecordKey, EntityId>,
  records: readonly Snapshot[],
): readonly Snapshot[] {
  if (transaction.pair.cursors[side]?.complete == null) return records;
  const units = unitsOf(page.hub.rules, side);
  const isPart = ({ key, fields }: Snapshot): boolean =>
    !known.has(key) && units.some((unit) => readUnit(unit, side, fields) === undefined);
  for (const { key } of records.filter(isPart)) page.rereads.push({ side, key });
  return records.filter((record) => !isPart(record));
}

async function takeRecords(taking: Taking): Promise<void> {
  const { transaction, page, side, look, settleRules, asks } = taking;
  const { page: read, again, absent } = look;
  const gone = [...read.deleted, ...absent.kinds.keys(), ...absent.merges.map(({ key }) => key)];
  const keys = [...new Set([...again.keys, ...[...absent.survivors, ...read.records].map(({ key }) => key), ...gone])];
  if (keys.length === 0) return;
  const known = new Map<RecordKey, EntityId>();
  const stored = await transaction.entitiesByKeys(side, keys);
  page.load(stored);
  for (const { key, id } of stored) if (isLinkable(page, id, side, key)) known.set(key, id);
  const buried = buriedIn(page, side, stored);
  knowReturned(page, side, { known, stored, shown: [...again.records, ...read.records] });
  const records = withoutParts(taking, known, buried.younger(read.records, look.pass.tick));
  const complete = transaction.pair.cursors[side]?.complete ?? null;
  const ended: Ended[] = [];
  const merged = takeMerges(page, side, { known, absent, ended });
  const recordsAgain = afterMerges(page, side, buried.younger(again.records, again.tick), merged);
  const shown = uniqueByKey([...recordsAgain, ...absent.survivors, ...records]);
  await page.loadParents({ side, snapshots: shown });
  const replaced = takeReplaced(page, side, {
    known,
    shown: [...recordsAgain, ...absent.survivors],
    readTick: again.tick,
    ended,
  });
  // A record in the archive of its side is nobody's new record.
  const own = sideRules(page.hub.rules, side);
  const strangers = shown.filter(({ key, fields }) => !known.has(key) && showsArchive(own, fields) !== true);
  const found =
    strangers.length === 0
      ? new Map<string, EntityId>()
      : await identify(transaction, page, page.hub.rules, { side, snapshots: strangers, asks });
  await page.loadParents();
  const entityOf = (key: RecordKey): EntityId | undefined => known.get(key) ?? found.get(key);
  const mode = settleMode(transaction.pair);
  const finish = (entity: EntityId): void => {
    if (settleRules !== null) settleOn(page, entity, settleRules, mode);
  };

  const { mayComeLate } = look;
  const times = { readAtMs: transaction.nowMs, beganAtMs: look.pass.atMs, mayComeLate };
  const reread = new Set<RecordKey>(again.records.map(({ key }) => key));
  for (const snapshot of [...recordsAgain, ...absent.survivors]) {
    const observation: Observation = { snapshot, readTick: again.tick, ...times, complete, mayLag: true };
    observeOn(page, entityOf(snapshot.key), side, observation, finish);
  }
  for (const entity of [...merged.entities, ...replaced]) finish(entity);
  const isOver = (key: RecordKey): boolean => reread.has(key) || merged.keys.has(key);
  const kindOf = (key: RecordKey): Disappearance => absent.kinds.get(key) ?? 'deleted';
  for (const key of again.keys) {
    page.rereadsDone.push({ side, key });
    const going = { side, key, kind: kindOf(key), readTick: again.tick, ended };
    if (!isOver(key)) goneOn(page, known.get(key), going, finish);
  }
  for (const snapshot of records) {
    // A feed may show only what changed; of what changed unseen while a record was away it shows nothing.
    if (isBack(page, entityOf(snapshot.key), side)) {
      page.rereads.push({ side, key: snapshot.key });
      continue;
    }
    const observation: Observation = { snapshot, readTick: look.pass.tick, ...times, complete, mayLag: true };
    observeOn(page, entityOf(snapshot.key), side, observation, finish);
  }
  for (const key of [...read.deleted, ...(read.absent ?? []).map(({ key: one }) => one)]) {
    const going = { side, key, kind: kindOf(key), readTick: look.pass.tick, ended };
    if (!merged.keys.has(key)) goneOn(page, known.get(key), going, finish);
  }
  for (const entity of await releaseCandidates(transaction, page, ended)) finish(entity);
  for (const entity of await releaseKeys(transaction, page, again.keys.map(entityOf))) finish(entity);
}

function uniqueByKey(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  return [...new Map(snapshots.map((snapshot) => [snapshot.key, snapshot])).values()];
}

/** Decides one entity of the page under the approved rules and takes what follows; what may not be written waits. */
export function settleOn(page: Page, entity: EntityId, rules: PairRules, mode: SettleMode): void {
  decideOn(page, entity, rules, mode);
  if (mode === 'hold') page.leaveWaiting(true);
}

/** The same, when no later run has to make up for writes that were not planned. */
export function decideOn(page: Page, entity: EntityId, rules: PairRules, mode: SettleMode): void {
  const state = page.state(entity);
  if (state === undefined) return;
  const open = withoutIntents(state, (delivery) => page.isOpen(delivery));
  const settled = settle(entity, open, { ...page.hub, rules: page.knowing(rules) }, mode);
  // A person wanted one record deleted, and a plan took the place of what was to be sent.
  const again = open === state ? [] : askedAgain(state, settled.state);
  page.take(entity, again.length === 0 ? settled : { ...settled, questions: [...settled.questions, ...again] });
}

/**
 * Writes are planned only while the pair may write. What comes while the brakes hold it waits, so that the plan that lifts
 * them is the approval for what it lists and for nothing else.
 */
export function settleMode(pair: PairRow): SettleMode {
  return mayWrite(pair) && pair.halt === null ? 'write' : 'hold';
}

/** Whether people let the pair write; the brakes are another matter. */
export function mayWrite({ mode }: PairRow): boolean {
  return mode === 'active' || mode === 'draining';
}
