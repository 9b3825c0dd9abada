import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivities } from '../activities/index.js';
import { findTemporal } from '../src/dev/temporal-finder.js';
import { startTemporal } from '../src/dev/temporal-server.js';
import { createRunner, type TemporalRunner } from '../src/temporal/runner.js';
import { runTemporalWorker } from '../src/temporal/worker.js';
import { pairWorkflowId } from '../workflows/messages.js';
import {
  type Contacts,
  contactsPair,
  editBothSides,
  editsPerSide,
  openContacts,
  requireEntries,
  requireEqual,
} from './contacts.js';
import { horizon, plainTwoWay, preparePlain } from './plain.js';
import { median, type Measurement } from './report.js';
import { log, openStage, type Stage } from './stage.js';

const rounds = 3;
const changes = 2 * editsPerSide;
const planMs = 10 * 60_000;
const agreementMs = 2 * 60_000;
const pollMs = 50;

type Run = {
  readonly ms: number;
  readonly plainMs: number;
  readonly transitions: number;
  readonly events: number;
};

export const orchestration: Measurement = {
  name: 'orchestration',
  about: 'the same edits through workflow and worker: what the Temporal server does per record, and what it costs',
  async run({ say }) {
    const stage = await openStage();
    try {
      const temporal = await openTemporal(stage);
      try {
        return await measureThrough(stage, temporal, say);
      } finally {
        await temporal.close();
      }
    } finally {
      await stage.close();
    }
  },
};

type Temporal = { readonly runner: TemporalRunner; readonly address: string; close(): Promise<void> };

async function openTemporal(stage: Stage): Promise<Temporal> {
  const found = await findTemporal({ env: process.env });
  const server =
    found.kind === 'server'
      ? null
      : await startTemporal({ folder: `${stage.folder}/.parley`, program: found, port: 0, log, keep: false });
  const address = found.kind === 'server' ? found.address : (server?.address ?? '');
  const runner = createRunner({ variables: { TEMPORAL_ADDRESS: address }, taskQueue: 'bench' });
  return {
    runner,
    address,
    async close() {
      await runner.close();
      await server?.stop();
    },
  };
}

async function measureThrough(stage: Stage, { runner, address }: Temporal, say: (text: string) => void) {
  const contacts = await openContacts(stage, { runner });
  const closing = new AbortController();
  const { engine } = contacts.hub;
  const heal = async () => ({ pairs: 0 });
  const activities = createActivities({ engine, log, heal, closing: closing.signal });
  const settings = { variables: { TEMPORAL_ADDRESS: address }, taskQueue: 'bench' };
  const working = runTemporalWorker({ settings, activities, log, closing: closing.signal });
  try {
    await preparePlain(contacts);
    say('first contact');
    await meet(contacts);
    const runs: Run[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      say(round === 0 ? 'warming up' : `run ${round} of ${rounds}`);
      const run = await oneRun(contacts, runner, round);
      if (round > 0) runs.push(run);
    }
    return summary(runs);
  } finally {
    await runner.client.workflow
      .getHandle(pairWorkflowId(contactsPair))
      .terminate('measured')
      .catch(() => undefined);
    closing.abort();
    await working;
    await contacts.close();
  }
}

async function meet({ hub: { engine, store } }: Contacts): Promise<void> {
  const { plan } = await engine.requestPlan({ pair: contactsPair, by: 'bench' });
  await until('the plan is ready', planMs, async () => (await store.plan(plan))?.state === 'ready');
  await engine.approvePlan({ plan, by: 'bench' });
  await until('the plan is applied', planMs, async () => (await store.plan(plan))?.state === 'applied');
}

async function oneRun(contacts: Contacts, runner: TemporalRunner, round: number): Promise<Run> {
  const since = { a: await horizon(contacts.a.sql), b: await horizon(contacts.b.sql) };
  await editBothSides(contacts, 'contacts_plain', round);
  const plainStart = performance.now();
  await plainTwoWay(contacts, since);
  await requireEqual(contacts, 'contacts_plain');
  const plainMs = performance.now() - plainStart;

  await runner.runNow(contactsPair);
  const { ledgerSize } = await contacts.hub.store.pair(contactsPair);
  const before = await effort(runner);
  await editBothSides(contacts, 'contacts', round);
  const start = performance.now();
  // Nobody tells the pair: it polls every second, as its file says. Looking must cost less than what is looked at.
  await until('every edit is known and every write is confirmed', agreementMs, async () => {
    const { store } = contacts.hub;
    if ((await store.pair(contactsPair)).ledgerSize < ledgerSize + changes) return false;
    return (await store.openDeliveries(contactsPair)).length === 0;
  });
  await requireEqual(contacts, 'contacts');
  await requireEntries(contacts.hub, ledgerSize);
  const ms = performance.now() - start;
  // The end of the run and the look that sees our own writes come back belong to the price.
  await runner.runNow(contactsPair);
  const after = await effort(runner);
  if (after.execution !== before.execution)
    throw new Error('assertion failed: the counts begin anew with the workflow');
  const transitions = after.transitions - before.transitions;
  return { ms, plainMs, transitions, events: after.events - before.events };
}

type Effort = { readonly execution: string; readonly transitions: number; readonly events: number };

/** What the server did so far for this execution of the pair's workflow. */
async function effort(runner: TemporalRunner): Promise<Effort> {
  const { runId, raw } = await runner.client.workflow.getHandle(pairWorkflowId(contactsPair)).describe();
  const info = raw.workflowExecutionInfo;
  return {
    execution: runId,
    transitions: Number(info?.stateTransitionCount),
    events: Number(info?.historyLength),
  };
}

async function until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`assertion failed: did not happen within ${withinMs} ms: ${what}`);
    await sleep(pollMs);
  }
}

function summary(runs: readonly Run[]) {
  const ms = median(runs.map((run) => run.ms));
  const plainMs = median(runs.map((run) => run.plainMs));
  const most = (of: (run: Run) => number): number => Math.max(...runs.map(of));
  return {
    what: `${changes} single-field edits through a real workflow and worker; median of ${runs.length}`,
    figures: [
      {
        name: 'state transitions a record, worst run',
        value: most((run) => run.transitions) / changes,
        unit: '',
        limit: { most: 0.02 },
      },
      { name: 'history events a record, worst run', value: most((run) => run.events) / changes, unit: '' },
      { name: 'changes a second, waiting for the poll included', value: (changes / ms) * 1_000, unit: '/s' },
      { name: 'seconds to verified agreement', value: ms / 1_000, unit: 's' },
      { name: 'seconds of plain SQL for the same rows', value: plainMs / 1_000, unit: 's' },
      { name: 'ratio to plain SQL', value: ms / plainMs, unit: 'x' },
    ],
    runs: runs.map((run) => ({
      ms: Math.round(run.ms),
      plainMs: Math.round(run.plainMs),
      transitions: run.transitions,
      events: run.events,
    })),
  };
}
