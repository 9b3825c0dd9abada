import { loadavg } from 'node:os';
import { check } from './checker.js';
import { startPeople } from './people.js';
import { Chance } from '../faults/chance.js';
import { approve, settle, settleAll } from './settle.js';
import { openStack, type Stack } from './stack.js';
import { Interrupted, Interruption } from './interruption.js';
import { emptyTally } from './tally.js';
import { makeTrouble } from './trouble.js';

export type ChaosWish = {
  readonly kills: number;
  readonly seed: number;
  readonly pairs: number;
  readonly workers: number;
  readonly records: number;
  readonly keep: boolean;
  readonly say: (text: string) => void;
  readonly onKill: (done: number, what: string) => void;
};

export type Outcome = {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly kills: number;
  readonly killed: { readonly [what: string]: number };
  readonly faults: { readonly [what: string]: number };
  /** What befell Parley's requests to the HTTP side. */
  readonly requests: { readonly [fault: string]: number };
  /** Points at which nobody came by while somebody waited there. */
  readonly missed: { readonly [point: string]: number };
  readonly skipped: readonly string[];
  readonly edits: number;
  readonly created: number;
  readonly deleted: number;
  readonly decided: number;
  /** Questions that were open at the end. */
  readonly asked: number;
  readonly writes: number;
  readonly writesPerEdit: number;
  readonly ledger: number;
  readonly brakesLifted: number;
  /** `whole` from the first start to the verdict. */
  readonly seconds: {
    readonly whole: number;
    readonly trouble: number;
    readonly healing: number;
    readonly checking: number;
    readonly longestStall: number;
  };
  /** What those who kill waited for, in seconds of all of them together. */
  readonly waited: { readonly [what: string]: number };
  readonly load: number;
  /** Where logs, journals and databases are, when they were kept. */
  readonly folders: readonly string[];
};

/** The share of Parley's requests to the HTTP side that a fault strikes. */
const requestFaults = 0.03;
const stallMaxMs = 240_000;
/** As many as our pools have connections. */
const readsMax = 20;

/** One run, from the first start to the verdict. @throws Interrupted when a signal ended it; everything is taken down then */
export async function runChaos(wish: ChaosWish): Promise<Outcome> {
  const { say } = wish;
  const begunMs = Date.now();
  const stack = await openStack(wish);
  const interruption = new Interruption();
  let isSound = false;
  try {
    say(`first contact of ${stack.pairs.join(', ')}; logs and journals are in ${stack.folder}`);
    const outcome = await Promise.race([contactAndTrouble(stack, wish), interruption.happens]);
    isSound = outcome.violations.length === 0;
    const folders = isSound && !wish.keep ? [] : [stack.folder];
    return { ...outcome, folders, seconds: { whole: seconds(begunMs), ...outcome.seconds } };
  } catch (error) {
    // Nothing was found: what was left half done is of no use to anybody.
    isSound = error instanceof Interrupted;
    throw error;
  } finally {
    await stack.close({ keepFolder: !isSound || wish.keep });
    interruption.over();
  }
}

async function contactAndTrouble(stack: Stack, wish: ChaosWish): Promise<Seen> {
  await Promise.all(
    stack.pairs.map(async (pair) => {
      await approve(stack, pair);
      await settle(stack, pair);
    }),
  );
  return troubleAndVerdict(stack, wish);
}

type Seen = Omit<Outcome, 'folders' | 'seconds'> & { readonly seconds: Omit<Outcome['seconds'], 'whole'> };

async function troubleAndVerdict(stack: Stack, wish: ChaosWish): Promise<Seen> {
  const { say, seed, records, kills } = wish;
  const begunMs = Date.now();
  await stack.http.setFaults(requestFaults);
  const people = startPeople(stack, { records, seed });
  const violations: string[] = [];
  const onKill = (done: number, what: string): void => {
    wish.onKill(done, what);
    if (done % 10 === 0 || done === kills)
      say(`${done} kills in ${seconds(begunMs)} s, ${people.written.length} edits; the last: ${what}`);
  };
  const tally = emptyTally();
  await makeTrouble(stack, { kills, seed, onKill, stallMaxMs, tally }).catch((error: unknown) => {
    violations.push(`carries on: ${error instanceof Error ? error.message : String(error)}`);
  });
  const trouble = seconds(begunMs);
  say('healing');
  const healingMs = Date.now();
  await people.stop();
  const requests = await stack.http.setFaults(0);
  let brakesLifted = people.counts.lifted;
  const settled = stack.pairs.map((pair, at) => settleAll(stack, pair, new Chance(seed + 5_000 + at)));
  for (const rest of await Promise.allSettled(settled)) {
    if (rest.status === 'fulfilled') brakesLifted += rest.value;
    else violations.push(`comes to rest: ${rest.reason instanceof Error ? rest.reason.message : String(rest.reason)}`);
  }
  const healing = seconds(healingMs);
  say('checking');
  const checkingMs = Date.now();
  const before = await readAgain(() => effectsOf(stack));
  const verdicts = await Promise.all(stack.pairs.map((pair) => readAgain(() => check(stack, pair, people))));
  violations.push(...verdicts.flatMap((verdict) => verdict.violations));
  await Promise.all(stack.pairs.map((pair) => readAgain(() => stack.client.pairs.run(pair))));
  const after = await readAgain(() => effectsOf(stack));
  const checking = seconds(checkingMs);
  if (after !== before) violations.push(`quiet: ${after - before} writes were made after everything had come to rest`);
  const sum = (name: 'edits' | 'created' | 'deleted' | 'decided' | 'asked' | 'writes' | 'ledger'): number =>
    verdicts.reduce((total, verdict) => total + verdict[name], 0);
  return {
    seed,
    violations,
    kills: Object.values(tally.kills).reduce((total, count) => total + count, 0),
    killed: sorted(tally.kills),
    faults: sorted(tally.faults),
    requests,
    missed: sorted(tally.missed),
    skipped: [stack.disks.hub.missing, stack.clock.missing].filter((reason) => reason !== null),
    edits: sum('edits'),
    created: sum('created'),
    deleted: sum('deleted'),
    decided: sum('decided'),
    asked: sum('asked'),
    writes: sum('writes'),
    writesPerEdit:
      Math.round((sum('writes') / Math.max(1, sum('edits') + sum('created') + sum('deleted'))) * 100) / 100,
    ledger: sum('ledger'),
    brakesLifted,
    seconds: { trouble, healing, checking, longestStall: Math.round(tally.stalledMs / 1_000) },
    waited: Object.fromEntries(Object.entries(tally.waitedMs).map(([what, ms]) => [what, Math.round(ms / 1_000)])),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

/**
 * A connection that had a statement under way when its server died fails the next one that takes it, whenever that is
 * (postgres 3.4.9 keeps the error): each connection of a pool may do so once.
 */
async function readAgain<Read>(read: () => Promise<Read>): Promise<Read> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await read();
    } catch (error) {
      if (failures === readsMax) throw error;
    }
  }
}

async function effectsOf({ sides }: Stack): Promise<number> {
  const all = await Promise.all(sides.map((side) => side.effects()));
  return all.flat().length;
}

const seconds = (sinceMs: number): number => Math.round((Date.now() - sinceMs) / 1_000);
const sorted = (counts: { readonly [name: string]: number }): { readonly [name: string]: number } =>
  Object.fromEntries(Object.entries(counts).sort(([left], [right]) => (left < right ? -1 : 1)));
