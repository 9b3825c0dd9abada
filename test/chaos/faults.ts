import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../faults/chance.js';
import { count, names, type Tally } from './tally.js';
import type { FaultKind } from './schedule.js';
import { sideNames } from './sides.js';
import type { Stack } from './stack.js';

/** A full disk that nobody wants to write to is no fault; somebody will within this time. */
const strikesWithinMs = 20_000;

/** Something else than a kill; it is over when this returns, and kills go on meanwhile. */
export async function strike(stack: Stack, kind: FaultKind, chance: Chance, tally: Tally): Promise<void> {
  const forMs = chance.whole(300, 2_500);
  switch (kind) {
    case 'cut':
      return cut(stack, forMs, chance, tally);
    case 'fill hub':
      return fill(stack, 'hub', forMs, tally);
    case 'fill sides':
      return fill(stack, 'sides', forMs, tally);
    case 'step':
      return step(stack, forMs, chance, tally);
  }
}

async function cut({ ways }: Stack, forMs: number, chance: Chance, tally: Tally): Promise<void> {
  const side = chance.oneOf(sideNames);
  const kind = chance.oneOf(['both', 'half'] as const);
  count(tally.faults, kind === 'both' ? `network to ${side} cut` : `network to ${side} cut, which does not notice`);
  for (const way of ways[side]) way.cut(kind);
  await sleep(forMs);
  for (const way of ways[side]) way.heal();
}

/** Full until a write of the server was refused, and some time longer. */
async function fill({ disks }: Stack, name: 'hub' | 'sides', forMs: number, tally: Tally): Promise<void> {
  const disk = disks[name];
  if (disk.missing !== null) return;
  disk.fill();
  try {
    for (const untilMs = Date.now() + strikesWithinMs; !disk.hasStruck() && Date.now() < untilMs; await sleep(50));
    const isStruck = disk.hasStruck();
    if (isStruck) await sleep(forMs);
    const of = names[name === 'hub' ? 'hub' : 'sideServer'];
    count(tally.faults, `disk of ${of} full, ${isStruck ? 'and a write refused' : 'and nothing had to be written'}`);
  } finally {
    disk.empty();
  }
}

async function step({ clock }: Stack, forMs: number, chance: Chance, tally: Tally): Promise<void> {
  if (clock.missing !== null) return;
  count(tally.faults, 'clock of a worker stepped');
  clock.step(chance.oneOf([-3_600, -90, 90, 3_600]));
  await sleep(forMs + 1_000);
  clock.step(0);
}
