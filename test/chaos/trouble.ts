import { setTimeout as sleep } from 'node:timers/promises';
import { Chance } from '../faults/chance.js';
import { type Point, points } from './points.js';
import { sideNames } from './sides.js';
import type { Stack } from './stack.js';

export type Tally = {
  /** Processes killed, by what was killed and where: `worker at claim.committed`. */
  readonly kills: { [what: string]: number };
  /** What else was done to the stack: cuts, full disks, steps of a clock. */
  readonly faults: { [what: string]: number };
  /** Points at which nobody came by in time. */
  readonly missed: { [point: string]: number };
  /** The longest time in which no pair committed anything, in ms. */
  stalledMs: number;
};

export type TroubleWish = {
  readonly kills: number;
  readonly seed: number;
  readonly onKill: (done: number, what: string) => void;
  /** The longest that nothing may be committed while processes die, in ms; then the run is ended. */
  readonly stallMaxMs: number;
  /** Filled while it goes on, so that a run that is ended early tells what was done. */
  readonly tally: Tally;
};

/** A server that was killed this recently is still coming up. */
const restMs = 12_000;
const paceMs = 700;
const comesByWithinMs = 6_000;

/** Kills processes of the stack until there were enough, each after the pairs have committed something since the last. */
export async function makeTrouble(stack: Stack, wish: TroubleWish): Promise<void> {
  const { tally } = wish;
  const chance = new Chance(wish.seed + 1_000);
  const striker = new Striker(stack, chance, tally);
  let done = 0;
  // Every point once before chance decides, so that a short run visits them all.
  const first = [...points];
  while (done < wish.kills) {
    await moved(stack, tally, wish.stallMaxMs);
    await sleep(chance.whole(0, paceMs));
    if (chance.next() < 0.08) void striker.fault();
    const point = first.shift();
    const what = point === undefined ? await striker.kill() : await striker.workerAt(point);
    if (what === null) continue;
    done += 1;
    tally.kills[what] = (tally.kills[what] ?? 0) + 1;
    wish.onKill(done, what);
  }
  await striker.heal();
}

/** Waits until some pair has committed since now, but no longer than a worker needs to come up. */
async function moved(stack: Stack, tally: Tally, stallMaxMs: number): Promise<void> {
  const begunMs = Date.now();
  const before = await ticks(stack);
  for (let waitedMs = 0; ; waitedMs = Date.now() - begunMs) {
    tally.stalledMs = Math.max(tally.stalledMs, waitedMs);
    const now = await ticks(stack);
    if (now !== null && (before === null || now > before)) return;
    if (waitedMs > stallMaxMs) throw new Error(`no pair has committed anything for ${Math.round(waitedMs / 1_000)} s`);
    await sleep(50);
  }
}

async function ticks({ inside, pairs }: Stack): Promise<number | null> {
  try {
    const rows = await inside.store.pairs();
    return rows.filter(({ pair }) => pairs.includes(pair)).reduce((sum, { tick }) => sum + tick, 0);
  } catch {
    return null;
  }
}

type Server = 'temporal' | 'hub' | 'sideServer';

class Striker {
  readonly #stack: Stack;
  readonly #chance: Chance;
  readonly #tally: Tally;
  readonly #killedAt = new Map<Server, number>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(stack: Stack, chance: Chance, tally: Tally) {
    this.#stack = stack;
    this.#chance = chance;
    this.#tally = tally;
  }

  /** One kill. @returns what died and where; null when nobody came by. */
  async kill(): Promise<string | null> {
    const { api, workers } = this.#stack.processes;
    const dice = this.#chance.next();
    if (dice < 0.5) return this.workerAt(this.#chance.oneOf(points));
    if (dice < 0.7) {
      const [worker, ...others] = workers;
      if (worker === undefined) throw new Error('assertion failed: there is a worker');
      return killed(this.#chance.oneOf([worker, ...others]).pid()) ? 'worker at random' : null;
    }
    if (dice < 0.8) return killed(api.pid()) ? 'API at random' : null;
    const server = this.#chance.oneOf(['temporal', 'hub', 'sideServer'] as const);
    if (dice < 0.9) return this.#server(server, null);
    return this.#server(server, this.#chance.oneOf(points));
  }

  async workerAt(point: Point): Promise<string | null> {
    return (await this.#spring(point, null)) ? `worker at ${point}` : null;
  }

  async #server(server: Server, point: Point | null): Promise<string | null> {
    const victim = this.#stack.processes[server].pid();
    if (victim === undefined || Date.now() - (this.#killedAt.get(server) ?? 0) < restMs) return null;
    const isDead = point === null ? killed(victim) : await this.#spring(point, victim);
    if (!isDead) return null;
    this.#killedAt.set(server, Date.now());
    return `${names[server]} at ${point ?? 'random'}`;
  }

  async #spring(point: Point, victim: number | null): Promise<boolean> {
    const isHit = await this.#stack.trap.spring(point, { victim, withinMs: comesByWithinMs });
    if (!isHit) this.#tally.missed[point] = (this.#tally.missed[point] ?? 0) + 1;
    return isHit;
  }

  /** Something else than a kill; it is over after some seconds, while kills go on. */
  async fault(): Promise<void> {
    const dice = this.#chance.next();
    const forMs = this.#chance.whole(300, 2_500);
    const work = dice < 0.6 ? this.#cut(forMs) : dice < 0.8 ? this.#fill(forMs) : this.#step(forMs);
    this.#underWay.add(work);
    await work;
    this.#underWay.delete(work);
  }

  async #cut(forMs: number): Promise<void> {
    const side = this.#chance.oneOf(sideNames);
    const kind = this.#chance.oneOf(['both', 'half'] as const);
    this.#count(kind === 'both' ? `network to ${side} cut` : `network to ${side} cut, which does not notice`);
    for (const way of this.#stack.ways[side]) way.cut(kind);
    await sleep(forMs);
    for (const way of this.#stack.ways[side]) way.heal();
  }

  async #fill(forMs: number): Promise<void> {
    const name = this.#chance.oneOf(['hub', 'sides'] as const);
    const disk = this.#stack.disks[name];
    if (disk.missing !== null) return;
    this.#count(`disk of ${name === 'hub' ? names.hub : names.sideServer} full`);
    disk.fill();
    await sleep(forMs);
    disk.empty();
  }

  async #step(forMs: number): Promise<void> {
    const { clock } = this.#stack;
    if (clock.missing !== null) return;
    this.#count('clock of a worker stepped');
    clock.step(this.#chance.oneOf([-3_600, -90, 90, 3_600]));
    await sleep(forMs + 1_000);
    clock.step(0);
  }

  #count(what: string): void {
    this.#tally.faults[what] = (this.#tally.faults[what] ?? 0) + 1;
  }

  /** Everything that was done to the stack is undone. */
  async heal(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

const names = { temporal: 'Temporal', hub: 'Postgres of Parley', sideServer: 'Postgres of the sides' } as const;

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
