import type { MatchReads } from '../../../src/engine/match-store.js';
import type { Tables } from './tables.js';

/** As `src/db/store/match-texts.ts` has it. */
const foundMax = 10;
const similarityLeast = 0.35;

type Read = <R>(label: string, of: (tables: Tables) => R) => Promise<R>;

/** How records find their counterparts, on tables in this process. */
export function matchReads(read: Read): MatchReads {
  return {
    entitiesByMatch: (values) =>
      read('entitiesByMatch', ({ matches }) =>
        [...matches.values()]
          .filter(({ value }) => values.includes(value))
          .sort((a, b) => a.entity - b.entity || (a.side < b.side ? -1 : 1)),
      ),
    textCounts: (wanted) =>
      read('textCounts', ({ texts }) =>
        wanted.flatMap(({ unit, text }, index) => {
          const count = [...texts.values()].filter((row) => row.unit === unit && row.text === text).length;
          return count === 0 ? [] : [{ nr: index + 1, count }];
        }),
      ),
    entitiesAlike: (side, wanted) =>
      read('entitiesAlike', ({ texts, links }) => {
        const linked = new Set([...links.values()].filter((link) => link.side === side).map(({ entity }) => entity));
        return wanted.flatMap(({ nr, unit, text }) =>
          [...texts.values()]
            .filter((row) => row.unit === unit && row.side !== side && !linked.has(row.entity))
            .map((row) => ({ nr, entity: row.entity, likeness: similarity(row.text, text) }))
            .filter(({ likeness }) => likeness >= similarityLeast)
            .sort((a, b) => b.likeness - a.likeness || a.entity - b.entity)
            .slice(0, foundMax)
            .map(({ nr: number, entity }) => ({ nr: number, entity })),
        );
      }),
    keptApart: (names) => read('keptApart', ({ apart }) => [...new Set(names)].filter((name) => apart.has(name))),
  };
}

/** pg_trgm: the three-letter parts that two texts share, of all that either has. */
function similarity(a: string, b: string): number {
  const [left, right] = [trigrams(a), trigrams(b)];
  const shared = [...left].filter((part) => right.has(part)).length;
  return shared === 0 ? 0 : shared / (left.size + right.size - shared);
}

function trigrams(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words.flatMap((word) => Array.from({ length: word.length + 1 }, (_, at) => `  ${word} `.slice(at, at + 3))),
  );
}
