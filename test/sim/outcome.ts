import type { Violation } from './oracle/violation.js';
import type { World } from './world.js';

/** What became of a world. */
export type Outcome = {
  readonly violation: Violation | null;
  readonly exposed: number;
  /** Edits that left a register for a write that was carried out after it was given up. */
  readonly outrun: number;
  /** Questions about records that took the place of others, before the hub was told. */
  readonly untold: number;
  /** Edits replaced in records that were made anew before their delete was listed, by who had not had them. */
  readonly unlisted: number;
  readonly writes: number;
  readonly gates: number;
};

/** What came of the pairs of a world together. */
export function outcomeOf(
  plays: readonly { readonly world: World; readonly gates: number }[],
  violation: Violation | null,
): Outcome {
  const outcomes = plays.map(({ world, gates }) => ({ ...world.effects.state, ...world.oracle.state, gates }));
  const sum = (name: Exclude<keyof Outcome, 'violation'>): number => outcomes.reduce((all, one) => all + one[name], 0);
  const [exposed, outrun, untold, unlisted] = [sum('exposed'), sum('outrun'), sum('untold'), sum('unlisted')];
  return { violation, exposed, outrun, untold, unlisted, writes: sum('writes'), gates: sum('gates') };
}
