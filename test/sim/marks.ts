import { Chance } from './chance.js';
import type { Focus, WorldOptions } from './options.js';
import type { Step } from './steps.js';

type Plan = { readonly options: WorldOptions; readonly steps: readonly Step[] };

/**
 * The same world with systems that mark that they made a record, and people who delete records and make others with the same
 * key. `anew`: each time it is made a record has another mark. `kept`: a mark is that of the key, so that whatever is made
 * under it is the record that was deleted. From a stream of its own: without `marks` a seed is the world that it was.
 */
export function withMarks({ options, steps }: Plan, { marks = false }: Focus): Plan {
  // What was merged, and whose key another record has got since, nobody can tell from what was deleted (SPEC, Gaps).
  if (!marks || options.lineage === true) return { options, steps };
  const chance = new Chance(options.seed ^ 0x3ade);
  const sides = options.sides.map((side) => {
    const made = chance.weighted({ anew: 6, kept: 2, none: 2 });
    return made === 'none' ? side : { ...side, made };
  });
  const all: Step[] = [...steps];
  for (let count = chance.between(1, 4); count > 0; count -= 1) {
    const [side, key] = [chance.one(sides).name, `k${chance.below(options.records.length)}`];
    const anew: Step[] = [
      { do: 'remove', side, key },
      { do: 'make', side, key, text: `n${count}` },
    ];
    all.splice(chance.below(all.length + 1), 0, ...anew);
  }
  return { options: { ...options, sides }, steps: all };
}
