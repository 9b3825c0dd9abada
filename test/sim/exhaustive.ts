import { isDeepStrictEqual } from 'node:util';
import { plainSide, type SideOptions, sideNames, type UnitOptions, type WorldOptions } from './options.js';
import type { Violation } from './oracle/violation.js';
import { Play } from './play.js';
import { describeStep } from './report.js';
import type { Step } from './steps.js';
import type { Moment } from './world.js';

/** A small world of which everything is looked at: one record, two or three sides, one or two units, every order of so many steps. */
export type SmallScope = {
  readonly name: string;
  readonly unit: UnitOptions['authority'];
  /** What is not plain about the last side. */
  readonly side?: Partial<SideOptions>;
  readonly sides?: 2 | 3;
  readonly units?: 1 | 2;
  /** What may be lost while a turn is killed, if not everything. */
  readonly crashes?: readonly CrashFault[];
};

export type Searched = {
  readonly worlds: number;
  /** Orders that lead to a world which is looked at anyway. */
  readonly pruned: number;
  readonly violation: Violation | null;
  readonly path: readonly string[];
};

function optionsOf({ unit, side, sides = 2, units = 1 }: SmallScope): WorldOptions {
  const names = sideNames.slice(0, sides);
  const fields = units === 1 ? { u: 'o' } : { u: 'o', v: 'o' };
  const last = names.length - 1;
  return {
    seed: 0,
    sides: names.map((name, index) => plainSide(name, { ...(index === last ? side : {}), onDelete: 'delete' })),
    units: Object.keys(fields).map((name) => ({ name, type: 'text', authority: unit, blank: 'value' })),
    records: [{ key: 'k', sides: Object.fromEntries(names.map((name) => [name, fields])) }],
    pageSize: 50,
    workers: 1,
    faults: ['kill', 'lost response', 'lost request'],
  };
}

/** What may happen at each step. Values name the step, so that every edit is told apart. */
function eventsAt(depth: number, { sides, units }: WorldOptions): readonly (readonly Step[])[] {
  const act = { do: 'act', worker: 0 } as const;
  const cycle: Step = { ...act, act: 'cycle', list: false };
  const names = sides.map(({ name }) => name);
  const at = names.at(-1) as string;
  return [
    ...names.flatMap((side) =>
      units.map(({ name: unit }): Step[] => [
        { do: 'edit', side, key: 'k', unit, to: [`${side[0] as string}${unit}${depth}`] },
      ]),
    ),
    ...names.map((side): Step[] => [{ do: 'remove', side, key: 'k' }]),
    ...names.map((side): Step[] => [{ ...act, act: 'poll', side }]),
    [{ ...act, act: 'send' }],
    [cycle],
    [{ do: 'fault', fault: { at, kind: 'lost response' } }, cycle],
    [{ do: 'fault', fault: { at, kind: 'lost request' } }, cycle],
  ];
}

/** All worlds of at most `depth` steps; after each the hub heals and everything is checked. */
export async function searchAll(scope: SmallScope, depth: number): Promise<Searched> {
  const options = optionsOf(scope);
  const play = new Play(options);
  await play.start();
  let [worlds, pruned] = [0, 0];
  const descend = async (left: number, path: readonly Step[]): Promise<Pick<Searched, 'violation' | 'path'> | null> => {
    const here = play.world.save();
    worlds += 1;
    const { violation } = await play.finish();
    if (violation !== null) return { violation, path: path.map(describeStep) };
    if (left === 0) return null;
    for (const steps of eventsAt(depth - left, options)) {
      // What people do on different sides in a row comes to the same in either order: one of the two is enough.
      if (isOutOfOrder(path.at(-1), steps[0], options)) {
        pruned += 1;
        continue;
      }
      play.world.restore(here);
      for (const step of steps) await play.step(step);
      // A step that changed nothing but the time leads to worlds that are looked at without it.
      if (play.violation === null && isSame(here, play.world.save())) {
        pruned += 1;
        continue;
      }
      const found =
        play.violation === null
          ? await descend(left - 1, [...path, ...steps])
          : { violation: play.violation, path: [...path, ...steps].map(describeStep) };
      if (found !== null) return found;
    }
    play.world.restore(here);
    return null;
  };
  const found = await descend(depth, []);
  return { worlds, pruned, violation: null, path: [], ...found };
}

function isOutOfOrder(before: Step | undefined, step: Step | undefined, { sides }: WorldOptions): boolean {
  const place = (one: Step | undefined): number =>
    one?.do === 'edit' || one?.do === 'remove' ? sides.findIndex(({ name }) => name === one.side) : -1;
  return place(step) >= 0 && place(before) > place(step);
}

/** Whether two moments differ in nothing but the time. */
function isSame(one: Moment, other: Moment): boolean {
  const isSameWorld =
    [...one.systems].every(([name, state]) => other.systems.get(name) === state) &&
    one.faults === other.faults &&
    one.effects === other.effects &&
    one.tables.ledger.length === other.tables.ledger.length;
  return isSameWorld && isDeepStrictEqual(one.tables, other.tables);
}

type CrashFault = null | 'lost response' | 'lost request' | 'late';
const crashFaults: readonly CrashFault[] = [null, 'lost response', 'lost request', 'late'];

/** One turn, killed at every gate that it has, with edits waiting on one side or two and after each kind of lost answer. */
export async function searchCrashes(scope: SmallScope, faults = scope.crashes ?? crashFaults): Promise<Searched> {
  const options = optionsOf(scope);
  const at = options.sides.at(-1)?.name as string;
  const play = new Play(options);
  await play.start();
  const start = play.world.save();
  let worlds = 0;
  for (const fault of faults)
    for (const sides of [['crm'], ['crm', 'erp']])
      for (let [gates, isOver] = [0, false]; !isOver; gates += 1) {
        const steps: Step[] = sides.map((side) => ({ do: 'edit', side, key: 'k', unit: 'u', to: [`${side}1`] }));
        if (fault !== null) steps.push({ do: 'fault', fault: { at, kind: fault } });
        steps.push({ do: 'act', worker: 0, act: 'cycle', list: false, gates });
        play.world.restore(start);
        for (const step of steps) await play.step(step);
        isOver = play.isAtRest;
        const rest: Step[] = [
          { do: 'kill', worker: 0 },
          { do: 'edit', side: 'crm', key: 'k', unit: 'u', to: ['crm2'] },
        ];
        for (const step of rest) await play.step(step);
        const { violation } = await play.finish();
        worlds += 1;
        if (violation !== null) return { worlds, pruned: 0, violation, path: [...steps, ...rest].map(describeStep) };
      }
  return { worlds, pruned: 0, violation: null, path: [] };
}

export const smallScopes: readonly SmallScope[] = [
  { name: 'a person is asked', unit: { kind: 'ask' } },
  { name: 'one side is preferred', unit: { kind: 'prefer', side: 'erp' } },
  { name: 'the newest stands', unit: { kind: 'newest' } },
  { name: 'a master decides', unit: { kind: 'master', side: 'crm', stray: 'restore' } },
  { name: 'a system without versions', unit: { kind: 'ask' }, side: { token: 'none', remembers: false } },
  {
    name: 'a system that says yes and changes nothing',
    unit: { kind: 'ask' },
    side: { inert: 'u', answers: 'bare', token: 'weak' },
    crashes: [null],
  },
  { name: 'three sides', unit: { kind: 'ask' }, sides: 3, crashes: [null, 'lost response'] },
  { name: 'two units', unit: { kind: 'ask' }, units: 2, crashes: [null, 'lost response'] },
  { name: 'a system that is read in full', unit: { kind: 'ask' }, side: { reads: 'full', deletes: 'listing' } },
];
