import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entityId } from '../../../src/core/ids.js';
import type { Fact, LedgerEntry, LedgerPayload } from '../../../src/core/ledger/entry.js';
import { cutOf, emptyHistory, keptFact, keptIn, takeEntry, type History } from '../../../src/core/ledger/kept.js';
import { documentOf } from '../../../src/engine/entry-text.js';
import { patchBetween } from '../../../src/core/patch.js';
import { a, ask, b, c, either, masterA, newest, preferA, rulesOf, unitOf } from '../sample.js';
import { randomSteps, run } from '../random-steps.js';
import { newWorld, type World } from '../world.js';

// SPEC I17: the history after a cut follows from what was kept of the history before it.

type Stated = { readonly entry: LedgerEntry; readonly payload: LedgerPayload };
const entity = entityId(1);

function stated(fact: Fact, seq: number): Stated {
  const { kind, side, rule, effects, detail, lo, hi } = fact;
  const [before, after] = [documentOf(effects, 'before'), documentOf(effects, 'after')];
  const patch = patchBetween(before, after);
  const entry = { seq, atMs: seq, kind, entity, side, rule, actor: fact.actor.kind, lo, hi } as LedgerEntry;
  // As it is read back from the text that was committed to.
  return {
    entry,
    payload: JSON.parse(JSON.stringify({ nonce: '', patch, inverse: [], effects, detail })) as LedgerPayload,
  };
}

function taken(from: History, entries: readonly Stated[]): History {
  return entries.reduce((history, { entry, payload }) => {
    const next = takeEntry(history, entry, payload);
    if (typeof next === 'string') throw new Error(next);
    return next;
  }, from);
}

const authority = fc.constantFrom(either(ask), either(preferA), either(newest), masterA(), masterA('leave'));

test('at every cut of every history, what was kept and the entries since come to what all entries come to', () => {
  fc.assert(
    fc.property(authority, randomSteps([a, b, c], 15, { deletes: true }), fc.nat(), (chosen, steps, where) => {
      const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', chosen, { sides: [a, b, c] })] });
      const start = newWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' }, [c]: null } });
      const { facts } = [start, ...run(start, steps)].at(-1) as World;
      const entries = facts.map(stated);
      const cut = where % (entries.length + 1);
      const before = taken(emptyHistory, entries.slice(0, cut));
      const kept = stated(keptFact(entity, { cut, beforeMs: 0 }, before), entries.length);
      expect(cutOf(kept.entry, kept.payload)).toBe(cut);
      expect(keptIn(kept.payload)).toEqual(before);
      // Where it stands it changes nothing, also when another one is kept of it later.
      const since = [...entries.slice(cut), kept];
      expect(taken(keptIn(kept.payload), since)).toEqual(taken(emptyHistory, entries));
    }),
    { numRuns: 150 },
  );
});
