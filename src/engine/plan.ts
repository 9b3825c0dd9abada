import { ParleyError } from '../core/errors.js';
import type { EntityId, PairId, SideName } from '../core/ids.js';
import { clashingSides } from '../core/link.js';
import { unpack } from '../core/pack.js';
import type { PairRules } from '../core/rules.js';
import { standingOf } from '../core/standing.js';
import type { EnginePorts } from './engine.js';
import { matchQuestion } from './identify.js';
import { linkEntities } from './link.js';
import { Page } from './page.js';
import { revisionOf } from './revision.js';
import { controlPage } from './control-page.js';
import { pairFact } from './pair-fact.js';
import type { PairRow, PairTransaction, SideCursor, StoredEntity } from './store.js';
import type { PlanCounts, PlanRow } from './plan-rows.js';
import { pageSizeDefault, settleOn } from './take-page.js';
import { applyUndoPage, approveUndo } from './undo-plan.js';

/** How long a plan may be approved: the systems move on meanwhile, and a plan is a promise about what was seen. */
const planLifetimeMs = 30 * 60_000;

export async function planOf(ports: EnginePorts, id: number): Promise<PlanRow> {
  const plan = await ports.store.plan(id);
  if (plan === null) throw new ParleyError('plan.not_found', `There is no plan ${id}.`, { hint: 'parley plan' });
  return plan;
}

/**
 * Saves the present configuration as a revision and asks the pair's workflow for a plan. Both sides are read in full,
 * so that fields which the file maps only now are known too. An earlier plan that was not applied is superseded.
 */
export async function requestPlan(ports: EnginePorts, input: { pair: PairId; by: string }): Promise<{ plan: number }> {
  const revision = await ports.loadRevision(input.pair);
  await ports.store.saveRevision(revision);
  // Asked first: without somebody to make the plan, none is left behind half made.
  await ports.runner.ensure(input.pair);
  const open = await ports.store.openPlan(input.pair);
  if (open?.state === 'applying') {
    throw new ParleyError(
      'pair.busy',
      `Plan ${open.id} of pair "${input.pair}" is being applied. A new plan can be made when it is done.`,
      { hint: 'parley status' },
    );
  }
  const { openPlan: newest, nowMs } = await ports.readModel.pairStatus(input.pair);
  if (open !== null && open.id !== newest?.id) await ports.store.updatePlan(open.id, { state: 'superseded' });
  if (newest !== null)
    await ports.store.updatePlan(newest.id, { state: isExpired(newest, nowMs) ? 'expired' : 'superseded' });
  const plan = await ports.store.createPlan({ pair: input.pair, revision: revision.id, by: input.by });
  await ports.store.transact(input.pair, async (transaction) => {
    const cursors = fromTheStart(transaction.pair, revision.rules);
    await transaction.commit({ pair: { ...transaction.pair, cursors } });
  });
  await ports.runner.poke(input.pair);
  return { plan };
}

/** Every side is read in full next. */
function fromTheStart({ cursors }: PairRow, { sides }: PairRules): PairRow['cursors'] {
  const starts = sides.map(({ name }): [SideName, SideCursor] => [
    name,
    { problem: null, ...cursors[name], cursor: null, pass: null, complete: cursors[name]?.complete ?? null },
  ]);
  return { ...cursors, ...Object.fromEntries(starts) };
}

/** The plan is complete: it may be approved until it expires, and is bound to the pair's tick. */
export async function readyPlan(ports: EnginePorts, input: { plan: number }): Promise<void> {
  const plan = await planOf(ports, input.plan);
  if (plan.state !== 'reading' && plan.state !== 'deciding') return;
  const pair = await ports.store.pair(plan.pair);
  const nowMs = await ports.store.nowMs();
  const status = await ports.readModel.pairStatus(plan.pair);
  const asOf = Object.fromEntries(
    Object.entries(pair.cursors).map(([side, cursor]) => [side, cursor.complete?.atMs ?? nowMs]),
  );
  const counts: PlanCounts = {
    ...(plan.counts ?? emptyCounts),
    shapes: await ports.store.countShapes(plan.id),
    setAside: status.setAside,
  };
  await ports.store.updatePlan(plan.id, {
    state: 'ready',
    counts,
    tick: plan.tick ?? pair.tick,
    asOf,
    expiresAtMs: nowMs + planLifetimeMs,
    progress: null,
  });
}

const emptyCounts: PlanCounts = {
  sides: {},
  units: {},
  link: 0,
  likely: 0,
  ask: {},
  shapes: 0,
  oneSided: {},
  alike: {},
  override: {},
  setAside: 0,
  movedOn: 0,
};

export async function failPlan(ports: EnginePorts, input: { plan: number; problem: string }): Promise<void> {
  const { state } = await planOf(ports, input.plan);
  if (state !== 'reading' && state !== 'deciding' && state !== 'applying') return;
  await ports.store.updatePlan(input.plan, { state: 'failed', problem: input.problem, progress: null });
}

/** The approval: this revision decides from now on, the brakes let pass what the plan lists, the plan is carried out. */
export async function approvePlan(ports: EnginePorts, input: { plan: number; by: string }): Promise<void> {
  const plan = await planOf(ports, input.plan);
  const { rules } = await revisionOf(ports, plan.pair, plan.revision);
  const nowMs = await ports.store.nowMs();
  if (plan.state === 'ready' && isExpired(plan, nowMs)) await ports.store.updatePlan(plan.id, { state: 'expired' });
  refuseUnlessReady(plan, nowMs);
  if (plan.undo !== null) return approveUndo(ports, { plan, rules, by: input.by });
  await ports.store.transact(plan.pair, async (transaction) => {
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'apply' });
    page.addFact(
      pairFact('plan approved', { kind: 'person', name: input.by }, { plan: plan.id, revision: plan.revision }),
    );
    const mode = transaction.pair.mode === 'new' ? 'active' : transaction.pair.mode;
    // What waits to be sent was planned under another approval: the plan sends what it lists, the next run the rest,
    // after the brakes have looked at it.
    const planned = [...transaction.planned];
    if (planned.length > 0) page.leaveWaiting(true);
    // Fields that the file maps only now were not read of records that changed while the plan was being made.
    const isOther = transaction.pair.revision !== null && transaction.pair.revision !== plan.revision;
    await page.commit({
      pair: { revision: plan.revision, mode, halt: null },
      ...(isOther ? { cursors: fromTheStart(transaction.pair, rules) } : {}),
      deliveryStates: planned.map((id) => ({ id, state: 'done', attempt: 0, outcome: { superseded: 1 } })),
    });
  });
  await ports.store.updatePlan(plan.id, { state: 'applying', approvedBy: input.by });
  await ports.runner.ensure(plan.pair);
  await ports.runner.poke(plan.pair);
}

/** A plan that was ready and that nobody approved in time. The row says so when somebody tried to, or made another. */
export function isExpired({ state, expiresAtMs }: PlanRow, nowMs: number): boolean {
  return state === 'expired' || (state === 'ready' && expiresAtMs !== null && expiresAtMs <= nowMs);
}

function refuseUnlessReady(plan: PlanRow, nowMs: number): void {
  const again = { hint: `parley plan ${plan.pair}` };
  if (plan.state === 'applied' || plan.state === 'applying')
    throw new ParleyError(
      'plan.already_applied',
      `Plan ${plan.id} was approved before, by ${plan.approvedBy ?? 'somebody'}. Nothing was changed.`,
      again,
    );
  if (plan.state === 'superseded')
    throw new ParleyError(
      'plan.superseded',
      `A newer plan of pair "${plan.pair}" takes the place of plan ${plan.id}. Nothing was changed.`,
      again,
    );
  if (plan.state === 'failed')
    throw new ParleyError(
      'plan.not_ready',
      `Plan ${plan.id} could not be made: ${plan.problem ?? 'no reason was recorded'}`,
      again,
    );
  if (isExpired(plan, nowMs))
    throw new ParleyError(
      'plan.expired',
      `Plan ${plan.id} was good until ${new Date(plan.expiresAtMs ?? nowMs).toISOString()}. Nothing was written.`,
      again,
    );
  if (plan.state !== 'ready')
    throw new ParleyError('plan.not_ready', `Plan ${plan.id} is still being made.`, {
      hint: `parley plan show ${plan.id}`,
    });
}

/**
 * Commits the decisions of one page of an approved plan. An entity that was committed after the plan was decided has
 * moved on: it is left out, counted, and listed by the next plan. Everything else is decided as the plan showed.
 */
export async function applyPlanPage(
  ports: EnginePorts,
  input: { plan: number; run: number; after: EntityId | null },
): Promise<{ next: EntityId | null }> {
  const plan = await planOf(ports, input.plan);
  if (plan.state !== 'applying') return { next: null };
  if (plan.undo !== null) return applyUndoPage(ports, { plan, scope: plan.undo, run: input.run, after: input.after });
  const { rules } = await revisionOf(ports, plan.pair, plan.revision);
  const limit = ports.pageSize ?? pageSizeDefault;
  const candidates = await ports.store.entities(plan.pair, { after: input.after, limit, standings: null });
  const unmoved = candidates.filter(({ tick }) => tick <= (plan.tick ?? 0));
  // What an interrupted attempt of this plan decided has moved too, but it is decided.
  let moved = candidates.filter(
    ({ tick, state }) => tick > (plan.tick ?? 0) && standingOf(unpack(state), rules) === 'undecided',
  ).length;
  await ports.store.transact(plan.pair, async (transaction) => {
    const page = new Page(transaction, {
      rules,
      source: 'plan',
      run: { id: input.run, kind: 'apply' },
      plan: plan.id,
      hasher: ports.hasher,
      evaluate: ports.evaluate,
    });
    const stored = await transaction.entitiesByIds(unmoved.map(({ id }) => id));
    page.load(stored);
    await page.loadParents();
    await linkLikely(transaction, page, rules, stored);
    for (const { id, tick } of stored) {
      if (tick <= (plan.tick ?? 0)) settleOn(page, id, rules, 'write');
      else moved += 1;
    }
    await page.commit();
  });
  // A page that an attempt which was cut short had counted is not counted again.
  if (input.after === null || (plan.progress?.done ?? 0) <= input.after) {
    const movedOn = (input.after === null ? 0 : (plan.counts?.movedOn ?? 0)) + moved;
    const counts = { ...(plan.counts ?? emptyCounts), movedOn };
    const done = candidates.at(-1)?.id ?? 0;
    await ports.store.updatePlan(plan.id, { counts, progress: { done, total: null, text: 'deciding' } });
  }
  return { next: candidates.length < limit ? null : (candidates.at(-1)?.id ?? null) };
}

/** Likely links that the plan listed. One that is no longer possible becomes a question. */
async function linkLikely(
  transaction: PairTransaction,
  page: Page,
  rules: PairRules,
  stored: readonly StoredEntity[],
): Promise<void> {
  const waiting = stored.flatMap(({ id }) => {
    const state = page.state(id);
    return state?.hold?.kind === 'match' && state.hold.isLikely && !state.hold.isCandidate
      ? [{ id, state, hold: state.hold }]
      : [];
  });
  if (waiting.length === 0) return;
  page.load(await transaction.entitiesByIds(waiting.flatMap(({ hold }) => hold.candidates)));
  for (const { id, state, hold } of waiting) {
    const [to] = hold.candidates;
    const target = to === undefined ? undefined : page.state(to);
    if (to !== undefined && target?.presence.kind === 'live' && clashingSides(target, state).length === 0) {
      linkEntities(page, rules, { from: id, to }, { actor: { kind: 'rule' }, rule: `match: ${hold.rule}`, note: null });
      settleOn(page, to, rules, 'write');
      continue;
    }
    const asked = { ...state, hold: { ...hold, isLikely: false } };
    const [side] = Object.keys(state.sides) as SideName[];
    const key = side === undefined ? undefined : state.sides[side]?.key;
    if (side !== undefined && key !== undefined)
      page.take(id, { state: asked, questions: [matchQuestion(asked, side, key)] });
  }
}

export async function finishPlan(ports: EnginePorts, input: { plan: number }): Promise<void> {
  const { state } = await planOf(ports, input.plan);
  if (state !== 'applying') return;
  await ports.store.updatePlan(input.plan, { state: 'applied', progress: null });
}
