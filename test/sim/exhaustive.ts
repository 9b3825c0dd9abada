import { plainSide, type SideOptions, type UnitOptions, type WorldOptions } from './options.js';
import type { Violation } from './oracle/violation.js';
import { Play } from './play.js';
import { describeStep } from './report.js';
import type { Step } from './steps.js';

/** A small world of which everything is looked at: two sides, one unit, one record, every order of so many steps. */
export type SmallScope = {
  readonly name: string;
  readonly unit: UnitOptions['authority'];
  readonly side?: Partial<SideOptions>;
};

export type Searched = {
  readonly worlds: number;
  readonly violation: Violation | null;
  readonly path: readonly string[];
};

/** Every crash point that a turn has: gates beyond the last one mean that the worker lives. */
const gatesMax = 44;

function optionsOf({ unit, side }: SmallScope): WorldOptions {
  return {
    seed: 0,
    sides: [plainSide('crm', { onDelete: 'delete' }), plainSide('erp', { ...side, onDelete: 'delete' })],
    units: [{ name: 'u', type: 'text', authority: unit, blank: 'value' }],
    records: [{ key: 'k', sides: { crm: { u: 'o' }, erp: { u: 'o' } } }],
    pageSize: 50,
    workers: 1,
    faults: ['kill', 'lost response', 'lost request'],
  };
}

/** What may happen at each step. Values name the step, so that every edit is told apart. */
function eventsAt(depth: number): readonly (readonly Step[])[] {
  const act = { do: 'act', worker: 0 } as const;
  const cycle: Step = { ...act, act: 'cycle', list: false };
  const both = ['crm', 'erp'] as const;
  return [
    ...both.map((side): Step[] => [{ do: 'edit', side, key: 'k', unit: 'u', to: [`${side[0] as string}${depth}`] }]),
    ...both.map((side): Step[] => [{ do: 'remove', side, key: 'k' }]),
    ...both.map((side): Step[] => [{ ...act, act: 'poll', side }]),
    [{ ...act, act: 'send' }],
    [cycle],
    [{ do: 'fault', fault: { at: 'erp', kind: 'lost response' } }, cycle],
    [{ do: 'fault', fault: { at: 'erp', kind: 'lost request' } }, cycle],
  ];
}

/** All worlds of at most `depth` steps; after each the hub heals and everything is checked. */
export async function searchAll(scope: SmallScope, depth: number): Promise<Searched> {
  const play = new Play(optionsOf(scope));
  await play.start();
  let worlds = 0;
  const descend = async (left: number, path: readonly Step[]): Promise<Omit<Searched, 'worlds'> | null> => {
    const here = play.world.save();
    worlds += 1;
    const { violation } = await play.finish();
    if (violation !== null) return { violation, path: path.map(describeStep) };
    if (left === 0) return null;
    for (const steps of eventsAt(depth - left)) {
      play.world.restore(here);
      for (const step of steps) await play.step(step);
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
  return { worlds, violation: null, path: [], ...found };
}

type CrashFault = null | 'lost response' | 'lost request' | 'late';
const crashFaults: readonly CrashFault[] = [null, 'lost response', 'lost request', 'late'];

/** One turn, killed at every gate that it has, with edits waiting on both sides and after each kind of lost answer. */
export async function searchCrashes(scope: SmallScope, faults = crashFaults): Promise<Searched> {
  let worlds = 0;
  for (const fault of faults)
    for (const sides of [['crm'], ['crm', 'erp']])
      for (let gates = 0; gates <= gatesMax; gates += 1) {
        const steps: Step[] = sides.map((side) => ({ do: 'edit', side, key: 'k', unit: 'u', to: [`${side}1`] }));
        if (fault !== null) steps.push({ do: 'fault', fault: { at: 'erp', kind: fault } });
        steps.push({ do: 'act', worker: 0, act: 'cycle', list: false, gates }, { do: 'kill', worker: 0 });
        steps.push({ do: 'edit', side: 'crm', key: 'k', unit: 'u', to: ['crm2'] });
        const play = new Play(optionsOf(scope));
        await play.start();
        for (const step of steps) await play.step(step);
        const { violation } = await play.finish();
        worlds += 1;
        if (violation !== null) return { worlds, violation, path: steps.map(describeStep) };
      }
  return { worlds, violation: null, path: [] };
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
  },
  { name: 'a system that is read in full', unit: { kind: 'ask' }, side: { reads: 'full', deletes: 'listing' } },
];
