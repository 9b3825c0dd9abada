import type { ParleyError } from '../../src/core/errors.js';
import { type EntityId, entityId, type SideName, sideName } from '../../src/core/ids.js';
import type { DeliverResult, Engine, NextStep } from '../../src/engine/engine.js';
import type { CycleSummary } from '../../src/engine/ports.js';
import type { PairMode } from '../../src/engine/store.js';

/**
 * An engine without decisions, for tests of order and time: it holds a queue of pages and deliveries, does what it is
 * told and writes down every call. What a page means is the engine's own business and tested there.
 */
export type ScriptedEngine = Engine & {
  /** Verbs in the order they began, looks of the lookout and `nextStep` left out: `takePage crm`, `deliverBatch 3`. */
  readonly calls: string[];
  readonly world: World;
  count(verb: string): number;
  /** How often `nextStep` was asked: the lookout asks once before its first pause, then with every look. */
  looks(): number;
  /** How many of a verb ran at the same time at most. */
  readonly crowd: { readonly [verb: string]: number };
};

export type World = {
  mode: PairMode;
  halted: boolean;
  everyMs: number;
  waiting: boolean;
  plan: { id: number; state: 'reading' | 'deciding' | 'ready' | 'applying' | 'applied' | 'failed' } | null;
  /** Pages each side still has to give; each page that changed something leaves a delivery for the other side. */
  pages: { [side: string]: { changed: number }[] };
  deliveries: { id: number; side: SideName }[];
  /** Deliveries that will meet stale records, or end in doubt, once. */
  stale: Set<number>;
  doubtful: Set<number>;
  brake: boolean;
  /** Throws in place of the verb while it returns an error. */
  failing: (verb: string, detail: string) => ParleyError | Error | null;
  /** Waits before the verb ends: how long a batch takes. */
  slow: (verb: string) => number;
  written: number;
  problems: (string | null)[];
  run: number;
};

const crm = sideName('crm');
const erp = sideName('erp');
const pagesOfPlan = 3;

export function scriptedEngine(changes: Partial<World> = {}): ScriptedEngine {
  const calls: string[] = [];
  let looks = 0;
  const now: { [verb: string]: number } = {};
  const crowd: { [verb: string]: number } = {};
  let nextDelivery = 1;
  const world: World = {
    mode: 'active',
    halted: false,
    everyMs: 50,
    waiting: false,
    plan: null,
    pages: { crm: [], erp: [] },
    deliveries: [],
    stale: new Set(),
    doubtful: new Set(),
    brake: false,
    failing: () => null,
    slow: () => 0,
    written: 0,
    problems: [],
    run: 1,
    ...changes,
  };

  async function during<T>(verb: string, detail: string, work: () => T): Promise<T> {
    now[verb] = (now[verb] ?? 0) + 1;
    crowd[verb] = Math.max(crowd[verb] ?? 0, now[verb]);
    try {
      calls.push(detail === '' ? verb : `${verb} ${detail}`);
      const failure = world.failing(verb, detail);
      if (failure !== null) throw failure;
      const ms = world.slow(verb);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      return work();
    } finally {
      now[verb] -= 1;
    }
  }
  const deliverTo = (side: SideName): void => {
    world.deliveries.push({ id: nextDelivery, side });
    nextDelivery += 1;
  };
  const planPage = (after: EntityId | null): { next: EntityId | null } => {
    const at = (after ?? 0) + 1;
    return { next: at < pagesOfPlan ? entityId(at) : null };
  };
  const step = (): NextStep => ({
    mode: world.mode,
    halted: world.halted,
    sides: [crm, erp],
    everyMs: world.everyMs,
    listings: [crm],
    deliveries: world.mode === 'active' || world.mode === 'draining' ? [...world.deliveries] : [],
    plan: openPlan(world),
    waiting: world.waiting && (world.mode === 'active' || world.mode === 'draining'),
    run: world.run,
    verifyDue: false,
  });
  const unused = (): never => {
    throw new Error('not part of what a workflow calls');
  };

  return {
    calls,
    world,
    crowd,
    count: (verb) => calls.filter((call) => call === verb || call.startsWith(`${verb} `)).length,
    looks: () => looks,
    nextStep: async () => {
      looks += 1;
      const failure = world.failing('nextStep', '');
      if (failure !== null) throw failure;
      return step();
    },
    takePage: async ({ side, plan }) => {
      // An empty look of the lookout is not worth a line.
      const queue = world.pages[side] ?? [];
      if (queue.length === 0 && world.failing('takePage', side) === null && plan === null) {
        return { read: 0, changed: 0, more: false };
      }
      return during('takePage', side, () => {
        const page = queue.shift() ?? { changed: 0 };
        if (page.changed > 0 && plan === null) deliverTo(side === crm ? erp : crm);
        return { read: page.changed, changed: page.changed, more: queue.length > 0 };
      });
    },
    listMissing: ({ side }) => during('listMissing', side, () => ({ next: null, deleted: 0 })),
    deliverBatch: ({ delivery }) => during('deliverBatch', String(delivery), () => deliver(world, delivery)),
    checkBrakes: () =>
      during('checkBrakes', '', () => {
        world.halted ||= world.brake;
        return { halted: world.halted };
      }),
    planWaiting: () =>
      during('planWaiting', '', () => {
        world.waiting = false;
        deliverTo(erp);
        return { next: null, planned: 1 };
      }),
    endRun: ({ problem }) =>
      during('endRun', '', () => {
        world.run += 1;
        world.problems.push(problem);
        return summaryOf(world, problem);
      }),
    setMode: ({ mode, by }) =>
      during('setMode', `${mode} ${by}`, () => {
        world.mode = mode;
      }),
    decidePlanPage: ({ after }) =>
      during('decidePlanPage', '', () => {
        if (world.plan !== null) world.plan.state = 'deciding';
        return planPage(after);
      }),
    readyPlan: () => during('readyPlan', '', () => setPlan(world, 'ready')),
    failPlan: ({ problem }) =>
      during('failPlan', problem, () => {
        setPlan(world, 'failed');
      }),
    applyPlanPage: ({ after }) =>
      during('applyPlanPage', '', () => {
        deliverTo(erp);
        return planPage(after);
      }),
    finishPlan: () =>
      during('finishPlan', '', () => {
        setPlan(world, 'applied');
      }),
    verify: unused,
    requestPlan: unused,
    approvePlan: unused,
    decide: unused,
    decideAlike: unused,
    explainRecord: unused,
    verifyLedger: unused,
    writeCheckpoint: unused,
    exportLedger: unused,
    recordAsOf: unused,
    eraseRecord: unused,
    requestUndo: unused,
    linkRecords: unused,
    unlinkRecord: unused,
  };
}

function deliver(world: World, id: number): DeliverResult {
  if (world.halted) return { written: 0, refused: 0, stale: 0, unknown: 0 };
  if (world.doubtful.delete(id)) return { written: 0, refused: 0, stale: 0, unknown: 1 };
  world.deliveries = world.deliveries.filter((delivery) => delivery.id !== id);
  if (world.stale.delete(id)) {
    world.pages['crm']?.push({ changed: 1 });
    return { written: 0, refused: 0, stale: 1, unknown: 0 };
  }
  world.written += 1;
  return { written: 1, refused: 0, stale: 0, unknown: 0 };
}

function setPlan(world: World, state: NonNullable<World['plan']>['state']): void {
  if (world.plan !== null) world.plan.state = state;
}

function openPlan({ plan }: World): NextStep['plan'] {
  if (plan === null) return null;
  const { id, state } = plan;
  return state === 'reading' || state === 'deciding' || state === 'applying' ? { id, state } : null;
}

const summaryOf = (world: World, problem: string | null): CycleSummary => ({
  read: 0,
  edited: 0,
  created: 0,
  deleted: 0,
  asked: 0,
  written: world.written,
  refused: 0,
  setAside: 0,
  halted: world.halted,
  problem,
});
