import { setTimeout as sleep } from 'node:timers/promises';
import { Chance } from '../faults/chance.js';
import { strike } from './faults.js';
import { Progress } from './progress.js';
import { faultsOf, killsOf, type Order, type Server, type Target } from './schedule.js';
import type { Stack } from './stack.js';
import { count, names, type Tally, type Wait } from './tally.js';

export type TroubleWish = {
  readonly kills: number;
  readonly seed: number;
  readonly onKill: (done: number, what: string) => void;
  /** The longest that nothing may be committed while processes die, in ms; then the run is ended. */
  readonly stallMaxMs: number;
  readonly tally: Tally;
};

/** Orders that are carried out side by side: while one waits at its point, others strike. */
const lanes = 5;
/** A server that was killed this recently is still coming up, or has only just served somebody. */
const restMs = 6_000;
const paceMs = 500;
const comesByWithinMs = 12_000;
const triesMax = 2;
const killsToAFault = 8;
const lookEveryMs = 100;

/** Kills processes of the stack until the schedule is done, each after the pairs have committed something. */
export async function makeTrouble(stack: Stack, wish: TroubleWish): Promise<void> {
  const { tally, kills, seed } = wish;
  const progress = new Progress(stack, wish.stallMaxMs);
  const queue = new Queue(killsOf(kills, seed));
  const killer = { stack, wish, progress, queue, chance: new Chance(seed + 3_000) };
  const isOver = new AbortController();
  const faults = faultLane(killer, isOver.signal);
  try {
    const ended = await Promise.allSettled(Array.from({ length: lanes }, () => killLane(killer)));
    for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  } finally {
    isOver.abort();
    await faults;
    await progress.stop();
    tally.stalledMs = progress.stalledMs;
  }
}

type Killer = {
  readonly stack: Stack;
  readonly wish: TroubleWish;
  readonly progress: Progress;
  readonly queue: Queue;
  readonly chance: Chance;
};

type Waiting = Order & { readonly tries: number };

/** What is still to be done. A server dies for one order at a time, and then has some rest; a point has one trap. */
class Queue {
  readonly #waiting: Waiting[];
  readonly #taken = new Set<Waiting>();
  readonly #killedAtMs = new Map<Target, number>();
  done = 0;

  constructor(orders: readonly Order[]) {
    this.#waiting = orders.map((order) => ({ ...order, tries: 0 }));
  }

  get isOver(): boolean {
    return this.#waiting.length + this.#taken.size === 0;
  }

  /** The next order that may be carried out now. */
  take(nowMs: number): Waiting | undefined {
    const next = this.#waiting.findIndex((order) => this.#isFree(order, nowMs));
    if (next === -1) return undefined;
    const [order] = this.#waiting.splice(next, 1);
    if (order !== undefined) this.#taken.add(order);
    return order;
  }

  struck(order: Waiting, nowMs: number): void {
    this.#taken.delete(order);
    this.#killedAtMs.set(order.target, nowMs);
    this.done += 1;
  }

  /** Nobody came by: later again, and at last at any moment. */
  missed(order: Waiting): void {
    this.#taken.delete(order);
    const tries = order.tries + 1;
    this.#waiting.push({ ...order, tries, point: tries < triesMax ? order.point : null });
  }

  #isFree({ target, point }: Waiting, nowMs: number): boolean {
    const isServer = target !== 'worker' && target !== 'api';
    for (const taken of this.#taken) {
      if (isServer && taken.target === target) return false;
      if (point !== null && taken.point === point) return false;
    }
    return !isServer || nowMs - (this.#killedAtMs.get(target) ?? 0) >= restMs;
  }
}

async function killLane({ stack, wish, progress, queue, chance }: Killer): Promise<void> {
  const { tally } = wish;
  let sinceMs = Date.now();
  const waited = (what: Wait): void => {
    tally.waitedMs[what] += Date.now() - sinceMs;
    sinceMs = Date.now();
  };
  while (!queue.isOver) {
    await progress.moved();
    waited('a commit');
    const order = queue.take(Date.now());
    if (order === undefined) {
      await sleep(lookEveryMs);
      waited('a rest');
      continue;
    }
    await sleep(chance.whole(0, paceMs));
    sinceMs = Date.now();
    const isDead = await kill(stack, order, chance);
    waited(isDead ? 'a point that came' : 'a point that did not come');
    if (!isDead) {
      if (order.point !== null) count(tally.missed, order.point);
      queue.missed(order);
      continue;
    }
    queue.struck(order, Date.now());
    const what = `${names[order.target]} at ${order.point ?? 'random'}`;
    count(tally.kills, what);
    wish.onKill(queue.done, what);
  }
}

/** @returns whether it died of this; false when nobody came by its point, or it was dead already */
async function kill({ processes, trap }: Stack, { target, point }: Order, chance: Chance): Promise<boolean> {
  const { workers, api, servers } = processes;
  if (point !== null) {
    const victim = target === 'worker' ? null : (servers[target as Server].pid() ?? 0);
    return victim !== 0 && trap.spring(point, { victim, withinMs: comesByWithinMs });
  }
  if (target === 'worker') return killed(chance.oneOf(workers).pid());
  return killed(target === 'api' ? api.pid() : servers[target].pid());
}

function killed(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    // It had died by itself and is being started again.
    return false;
  }
}

/** One fault for every few kills, one after the other. */
async function faultLane({ stack, wish, queue }: Killer, over: AbortSignal): Promise<void> {
  const chance = new Chance(wish.seed + 4_000);
  for (const [at, kind] of faultsOf(Math.floor(wish.kills / killsToAFault), wish.seed).entries()) {
    while (queue.done < at * killsToAFault && !over.aborted) await sleep(100);
    if (over.aborted) return;
    await strike(stack, kind, chance, wish.tally);
  }
}
