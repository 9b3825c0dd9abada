import { setMaxListeners } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PairId } from '../../src/core/ids.js';
import { Chance } from '../faults/chance.js';
import { type ChaosSide, type Row, type SideName, sideNames, type Unit, units } from './sides.js';
import { approve } from './settle.js';
import type { Stack } from './stack.js';

/** Edits meet on these records often; the others are edited now and then. */
const hotRecords = 25;

/** What a writer knows of what they did. `unknown`: they saw an error, and it may have happened. */
export type Written = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly key: string;
  readonly unit: Unit;
  readonly value: string;
  readonly over: string | null;
  readonly state: 'done' | 'unknown';
};

export type People = {
  /** Every writer's own journal, joined. */
  readonly written: readonly Written[];
  readonly counts: { created: number; answered: number; lifted: number; errors: number };
  /** Ends the work and waits for the last save. */
  stop(): Promise<void>;
};

export type PeopleOptions = { readonly records: number; readonly seed: number };

/**
 * On each side of each pair somebody edits, somebody makes new records (now and then the same one on two sides), and
 * somebody answers questions and lifts brakes through the API. Each writer notes what they do in a file of their own, before and after.
 */
export function startPeople(stack: Stack, options: PeopleOptions): People {
  const stopping = new AbortController();
  // Each person waits on it.
  setMaxListeners(0, stopping.signal);
  const written: Written[] = [];
  const counts = { created: 0, answered: 0, lifted: 0, errors: 0 };
  const values = { next: 0 };
  const working: Promise<void>[] = [];
  const until = async (chance: Chance, pauses: readonly [number, number], work: () => Promise<void>) => {
    while (!stopping.signal.aborted) {
      await work().catch(() => void (counts.errors += 1));
      await sleep(chance.whole(...pauses), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  let seed = options.seed;
  const chance = (): Chance => new Chance((seed += 1));
  const value = (side: SideName, unit: Unit): string => `${unit}~${side}~${(values.next += 1)}~`;
  for (const pair of stack.pairs) {
    for (const side of stack.sides) {
      const writer = writerOn(stack, { pair, side, records: options.records, chance: chance(), value, written });
      working.push(until(chance(), [150, 450], writer));
    }
    const [makes, answers] = [chance(), chance()];
    working.push(until(makes, [3_000, 6_000], () => createsOne(stack, { pair, chance: makes, value, counts })));
    working.push(until(answers, [1_000, 3_000], () => decidesOne(stack, { pair, chance: answers, counts })));
    working.push(until(chance(), [2_000, 3_000], () => looksAfter(stack, pair, counts)));
  }
  return {
    written,
    counts,
    async stop() {
      stopping.abort();
      await Promise.all(working);
    },
  };
}

type WriterWish = {
  readonly pair: PairId;
  readonly side: ChaosSide;
  readonly records: number;
  readonly chance: Chance;
  readonly value: (side: SideName, unit: Unit) => string;
  readonly written: Written[];
};

function writerOn({ folder }: Stack, { pair, side, records, chance, value, written }: WriterWish): () => Promise<void> {
  const journal = join(folder, `journal-${pair}-${side.name}.jsonl`);
  const note = (line: object): void => appendFileSync(journal, `${JSON.stringify(line)}\n`);
  return async () => {
    const key = String(chance.whole(1, chance.next() < 0.3 ? hotRecords : records));
    const unit = chance.oneOf(units);
    const edit = { pair, side: side.name, key, unit, value: value(side.name, unit) };
    note({ ...edit, state: 'begun' });
    try {
      const over = await side.edit(pair, edit);
      if (over === null) throw new Error('assertion failed: nobody deletes records here');
      written.push({ ...edit, over, state: 'done' });
      note({ ...edit, over, state: 'done' });
    } catch (error) {
      written.push({ ...edit, over: null, state: 'unknown' });
      note({ ...edit, state: 'unknown' });
      throw error;
    }
  };
}

type MakerWish = Pick<WriterWish, 'pair' | 'chance' | 'value'> & { readonly counts: People['counts'] };

async function createsOne({ sides }: Stack, { pair, chance, value, counts }: MakerWish): Promise<void> {
  counts.created += 1;
  const key = `n${counts.created}`;
  const first = chance.oneOf(sideNames);
  const both = chance.next() < 0.3 ? [first, chance.oneOf(sideNames)] : [first];
  const row = (side: SideName): Row => ({
    key,
    name: value(side, 'name'),
    phone: value(side, 'phone'),
    address: value(side, 'address'),
  });
  const chosen = sides.filter(({ name }) => both.includes(name));
  await Promise.all(chosen.map((side) => side.create(pair, row(side.name))));
}

/** Answers the oldest question, with what some side holds. Whoever was quicker, or a server that is away, is no matter. */
async function decidesOne(
  { client }: Stack,
  { pair, chance, counts }: Pick<MakerWish, 'pair' | 'chance' | 'counts'>,
): Promise<void> {
  const { rows } = await client.conflicts.list({ pair, kind: 'clash', limit: 1 });
  const [open] = rows;
  const [side, ...others] = Object.keys(open?.sides ?? {});
  if (open === undefined || side === undefined) return;
  counts.answered += 1;
  await client.conflicts.decide(open.id, {
    vv: open.vv,
    choice: { kind: 'keep', side: chance.oneOf([side, ...others]) },
    note: null,
  });
}

/** After a long outage a brake may find too much to write at once; a person looks and lets it pass. */
async function looksAfter(stack: Stack, pair: PairId, counts: People['counts']): Promise<void> {
  const { halt } = await stack.client.pairs.show(pair);
  if (halt === null) return;
  counts.lifted += 1;
  await approve(stack, pair);
}
