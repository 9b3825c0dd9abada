import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ApiClient } from '../../contract/api/client.js';
import type { PlanView } from '../../contract/api/plans.js';
import { ParleyError } from '../../core/errors.js';
import { positive } from '../arguments.js';
import { confirmed } from '../ask.js';
import type { Context } from '../context.js';
import { exits } from '../exit-codes.js';
import type { Outcome } from '../output.js';
import { performs, type Session } from '../perform.js';
import { renderApplied } from '../render/applied.js';
import { renderPlan } from '../render/plan.js';
import { progressBar } from '../render/progress-bar.js';
import { readPlan } from '../plan-reading.js';
import { receiptsOf } from '../render/entry-change.js';

const pollMs = 250;
const runsLooked = 20;

export function apply(program: Command, session: Session): void {
  const command = program
    .command('apply')
    .description('approve a plan and carry out exactly what it lists')
    .argument('[plan]', 'number of the plan; the one that waits when not given', positive);
  performs(command, session, 'apply', async (context, [number]) => {
    const api = await context.api();
    const plan = number === undefined ? await waitingPlan(context, api) : await api.plans.show(Number(number));
    const startedMs = context.terminal.nowMs();
    const before = await api.pairs.show(plan.pair);
    const approved = await api.plans.approve(plan.id);
    context.onInterrupt(
      () => `Interrupted. Plan ${plan.id} is approved and goes on being applied: parley status ${plan.pair}`,
    );
    const applied = await untilApplied(context, approved, before.ledgerSize - 1);
    return outcomeOf(api, applied, { firstRun: before.lastRun?.id ?? 0, ms: context.terminal.nowMs() - startedMs });
  });
}

/** The plan that waits for approval. Nobody has named it, so a person is shown what it does and asked. */
async function waitingPlan(context: Context, api: ApiClient): Promise<PlanView> {
  const pair = await context.pair();
  const { openPlan } = await api.pairs.show(pair);
  if (openPlan === null || openPlan.state !== 'ready') {
    throw new ParleyError('plan.not_ready', `No plan of ${pair} waits for approval. Nothing was written.`, {
      hint: `parley plan ${pair}`,
    });
  }
  if (context.output.interactive && context.flags.yes !== true)
    context.output.note(renderPlan(await readPlan(api, openPlan), context.output.style));
  const isWanted = await confirmed(context, `Apply plan ${openPlan.id}?`, `parley apply ${openPlan.id}`);
  if (isWanted) return openPlan;
  throw new ParleyError('pair.not_approved', `Plan ${openPlan.id} was not approved. Nothing was written.`, {
    hint: `parley apply ${openPlan.id}`,
  });
}

type Written = { [side: string]: number };

/** Follows the plan until it is applied: a bar a side, from what the ledger says was written. */
async function untilApplied(context: Context, approved: PlanView, seen: number): Promise<PlanView> {
  const api = await context.api();
  const written: Written = Object.fromEntries(Object.keys(approved.counts?.sides ?? {}).map((side) => [side, 0]));
  const following = new AbortController();
  const followed = countWritten(context, { pair: approved.pair, after: seen, written, until: following.signal });
  const startedMs = context.terminal.nowMs();
  let plan = approved;
  try {
    while (plan.state === 'applying') {
      context.output.event('apply', 'progress', { plan, written });
      context.output.live.show(bars(plan, written, context.terminal.nowMs() - startedMs, context));
      await sleep(pollMs, undefined, { signal: context.interrupted });
      plan = await api.plans.show(plan.id);
    }
  } finally {
    following.abort();
    await followed;
    context.output.live.clear();
  }
  return plan;
}

type Following = {
  readonly pair: string;
  readonly after: number;
  readonly written: Written;
  readonly until: AbortSignal;
};

/** Progress is a comfort: when the stream breaks, the plan is still followed by asking for it. */
async function countWritten({ api }: Context, { pair, after, written, until }: Following): Promise<void> {
  try {
    for await (const event of (await api(until)).pairs.events(pair, { after })) {
      if (event.event !== 'entry' || event.entry.kind !== 'delivered' || event.entry.side === null) continue;
      const { side } = event.entry;
      written[side] = (written[side] ?? 0) + receiptsOf(event.entry);
    }
  } catch {
    // The bars stand still from here on.
  }
}

function bars(plan: PlanView, written: Written, elapsedMs: number, { output }: Context): readonly string[] {
  return Object.entries(plan.counts?.sides ?? {})
    .map(([name, side]) => ({ name, total: side.create + side.update + side.delete }))
    .filter(({ total }) => total > 0)
    .map(({ name, total }) => progressBar({ name, done: written[name] ?? 0, total, elapsedMs }, output.style));
}

type Took = { readonly firstRun: number; readonly ms: number };

async function outcomeOf(api: ApiClient, plan: PlanView, took: Took): Promise<Outcome> {
  if (plan.state !== 'applied') {
    throw new ParleyError('plan.not_ready', `Plan ${plan.id} was not applied to its end: it is ${plan.state}.`, {
      hint: plan.problem ?? `parley status ${plan.pair}`,
    });
  }
  const { rows } = await api.runs.list({ pair: plan.pair, limit: runsLooked });
  const counts = { written: 0, refused: 0, stale: 0 };
  for (const run of rows) {
    if (run.kind !== 'apply' || run.id <= took.firstRun) continue;
    for (const name of ['written', 'refused', 'stale'] as const) counts[name] += run.counts[name] ?? 0;
  }
  return {
    exit: counts.refused > 0 ? exits.partly : exits.done,
    data: { plan, counts: { ...counts, movedOn: plan.counts?.movedOn ?? 0 }, ms: took.ms },
    text: renderApplied(plan, counts, took.ms),
    next: counts.refused > 0 ? 'parley review --kind refused' : `parley status ${plan.pair}`,
  };
}
