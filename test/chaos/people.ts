import { setMaxListeners } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PairId } from '../../src/core/ids.js';
import { Chance } from '../faults/chance.js';
import { answerOne } from './answers.js';
import { approve } from './settle.js';
import { type ChaosSide, type Row, type SideName, sideNames, type Unit, units } from './sides.js';
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

/** A record that somebody made or deleted, and was told so. */
export type Turned = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly key: string;
  readonly kind: 'create' | 'delete';
};

export type People = {
  /** Every writer's own journal, joined. */
  readonly written: readonly Written[];
  readonly turned: readonly Turned[];
  readonly counts: { created: number; answered: number; lifted: number; errors: number };
  /** Ends the work and waits for the last save. */
  stop(): Promise<void>;
};

export type PeopleOptions = { readonly records: number; readonly seed: number };

/** What the people of one pair have between them. */
type Office = {
  readonly stack: Stack;
  readonly pair: PairId;
  readonly records: number;
  readonly value: (side: SideName, unit: Unit) => string;
  readonly written: Written[];
  readonly turned: Turned[];
  readonly counts: People['counts'];
  /** Keys that were made here. */
  readonly made: string[];
};

/**
 * On each side of each pair somebody edits; somebody makes new records (now and then the same one on two sides),
 * somebody deletes some, and somebody answers questions, asks for a run and lifts brakes through the API. Each writer
 * notes what they do in a file of their own, before and after.
 */
export function startPeople(stack: Stack, options: PeopleOptions): People {
  const stopping = new AbortController();
  // Each person waits on it.
  setMaxListeners(0, stopping.signal);
  const written: Written[] = [];
  const turned: Turned[] = [];
  const counts = { created: 0, answered: 0, lifted: 0, errors: 0 };
  const working: Promise<void>[] = [];
  let seed = options.seed;
  let values = 0;
  const somebody = (pauses: readonly [number, number], work: (chance: Chance) => Promise<void>): void => {
    const chance = new Chance((seed += 1));
    const live = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        await work(chance).catch(() => void (counts.errors += 1));
        await sleep(chance.whole(...pauses), undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    };
    working.push(live());
  };
  for (const pair of stack.pairs) {
    const value = (side: SideName, unit: Unit): string => `${unit}~${side}~${(values += 1)}~`;
    const office = { stack, pair, records: options.records, value, written, turned, counts, made: [] };
    for (const side of stack.sides) somebody([300, 900], (chance) => editOne(office, side, chance));
    somebody([3_000, 6_000], (chance) => makeOne(office, chance));
    somebody([4_000, 8_000], (chance) => deleteOne(office, chance));
    somebody([1_000, 3_000], (chance) => answerSome(office, chance));
    somebody([2_000, 3_000], () => lookAfter(office));
    // Key listings come with a run that is asked for; by themselves they come once a minute.
    somebody([5_000, 9_000], async () => void (await stack.client.pairs.run(pair)));
  }
  return {
    written,
    turned,
    counts,
    async stop() {
      stopping.abort();
      await Promise.all(working);
    },
  };
}

async function editOne(office: Office, side: ChaosSide, chance: Chance): Promise<void> {
  const { pair, value, written } = office;
  const unit = chance.oneOf(units);
  const edit = { pair, side: side.name, key: someKey(office, chance), unit, value: value(side.name, unit) };
  const note = (line: object): void => noteDown(office, side.name, line);
  note({ ...edit, state: 'begun' });
  try {
    const over = await side.edit(pair, edit);
    // Somebody had deleted it.
    if (over === null) return note({ ...edit, state: 'gone' });
    written.push({ ...edit, over, state: 'done' });
    note({ ...edit, over, state: 'done' });
  } catch (error) {
    written.push({ ...edit, over: null, state: 'unknown' });
    note({ ...edit, state: 'unknown' });
    throw error;
  }
}

function someKey({ records, made }: Office, chance: Chance): string {
  const dice = chance.next();
  const key = String(chance.whole(1, dice < 0.3 ? hotRecords : records));
  return dice < 0.85 ? key : (made[chance.whole(0, made.length - 1)] ?? key);
}

async function makeOne(office: Office, chance: Chance): Promise<void> {
  const { stack, pair, value, counts, made } = office;
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
  const chosen = stack.sides.filter(({ name }) => both.includes(name));
  await Promise.all(
    chosen.map((side) => turnOver(office, { side, key, kind: 'create' }, () => side.create(pair, row(side.name)))),
  );
  made.push(key);
}

async function deleteOne(office: Office, chance: Chance): Promise<void> {
  const side = chance.oneOf(office.stack.sides as readonly [ChaosSide, ...ChaosSide[]]);
  const key = someKey(office, chance);
  await turnOver(office, { side, key, kind: 'delete' }, () => side.remove(office.pair, key));
}

/** Makes or deletes a record, and notes it before and after. */
async function turnOver(
  office: Office,
  { side, key, kind }: { readonly side: ChaosSide; readonly key: string; readonly kind: Turned['kind'] },
  work: () => Promise<boolean>,
): Promise<void> {
  const turn = { pair: office.pair, side: side.name, key, kind };
  noteDown(office, side.name, { ...turn, state: 'begun' });
  const isDone = await work();
  if (isDone) office.turned.push(turn);
  noteDown(office, side.name, { ...turn, state: isDone ? 'done' : 'nothing to do' });
}

function noteDown({ stack, pair }: Office, side: SideName, line: object): void {
  appendFileSync(join(stack.folder, `journal-${pair}-${side}.jsonl`), `${JSON.stringify(line)}\n`);
}

async function answerSome({ stack, pair, counts }: Office, chance: Chance): Promise<void> {
  counts.answered += await answerOne(stack, pair, chance);
}

/** After a long outage a brake may find too much to write at once; a person looks and lets it pass. */
async function lookAfter({ stack, pair, counts }: Office): Promise<void> {
  const { halt } = await stack.client.pairs.show(pair);
  if (halt === null) return;
  counts.lifted += 1;
  await approve(stack, pair);
}
