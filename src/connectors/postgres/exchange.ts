import type { NativeFields, NativeWrite, WriteOutcome } from '../../engine/connector.js';
import { textOf } from './sql-text.js';
import { columnOf, type Table } from './table.js';

/** A write of a batch, with its place there. */
export type Numbered = { readonly position: number; readonly write: NativeWrite };

/** Makes the steps one after the other or none of them; null when they were made, and then the outcomes say so. */
export type Attempt = (...steps: readonly (readonly Numbered[])[]) => Promise<Error | null>;

const uniqueViolation = '23505';

/**
 * Records that pass unique values on among themselves collide row by row, although the end state is allowed
 * (semantics §1.13). Values that a row of the batch has given up meanwhile are tried again; where the rest only
 * exchange values, they are emptied first and then written, in the same transaction. What is refused after that is refused
 * for good. Columns that may not be empty cannot step aside: a person is asked.
 */
export async function passOn(
  table: Table,
  writes: readonly Numbered[],
  outcomes: ReadonlyMap<number, WriteOutcome>,
  attempt: Attempt,
): Promise<void> {
  const isTaken = ({ position }: Numbered): boolean => {
    const outcome = outcomes.get(position);
    return outcome?.kind === 'refused' && outcome.code === uniqueViolation;
  };
  if (!writes.some(isTaken)) return;
  await retryGivenUp(writes, outcomes, isTaken, attempt);
  const round = exchangesIn(
    table,
    writes.filter((numbered) => numbered.write.kind === 'update' && isTaken(numbered)),
  );
  if (round.length > 0) await attempt(round.map(steppingAside), round.map(fromAside));
}

/**
 * A chain: each one that is accepted gives up a value that another one may be waiting for. Where several wait for it,
 * nobody gets it here: which one is to have it would be a guess.
 */
async function retryGivenUp(
  writes: readonly Numbered[],
  outcomes: ReadonlyMap<number, WriteOutcome>,
  isTaken: (numbered: Numbered) => boolean,
  attempt: Attempt,
): Promise<void> {
  const waiting = new Map<string, Numbered[]>();
  for (const numbered of writes.filter(isTaken)) {
    for (const name of Object.keys(numbered.write.fields)) {
      const place = placeOf(name, numbered.write.fields);
      const others = waiting.get(place);
      if (others === undefined) waiting.set(place, [numbered]);
      else others.push(numbered);
    }
  }
  const accepted = writes.filter(({ position }) => outcomes.get(position)?.kind === 'accepted');
  for (const { write } of accepted) {
    for (const name of changedBy(write)) {
      const [next, another] = waiting.get(placeOf(name, write.expect)) ?? [];
      if (next === undefined || another !== undefined || !isTaken(next)) continue;
      // What is accepted here joins the list that is being gone through.
      if ((await attempt([next])) === null) accepted.push(next);
    }
  }
}

type Exchange = Numbered & { readonly aside: readonly string[] };

/** Writes each of which wants a value that another of them holds, and that nobody else of them wants. */
function exchangesIn(table: Table, writes: readonly Numbered[]): readonly Exchange[] {
  const movable = ({ write }: Numbered): readonly string[] =>
    changedBy(write).filter((name) => columnOf(table, name)?.nullable === true);
  for (let kept = writes; ; ) {
    const held = new Set(kept.flatMap((one) => movable(one).map((name) => placeOf(name, one.write.expect))));
    const wanted = new Map<string, number>();
    for (const one of kept) {
      for (const name of movable(one)) {
        const place = placeOf(name, one.write.fields);
        wanted.set(place, (wanted.get(place) ?? 0) + 1);
      }
    }
    const asideOf = (one: Numbered): readonly string[] =>
      movable(one).filter((name) => {
        const place = placeOf(name, one.write.fields);
        return held.has(place) && wanted.get(place) === 1;
      });
    const next = kept.filter((one) => asideOf(one).length > 0);
    if (next.length === kept.length) return kept.map((one) => ({ ...one, aside: asideOf(one) }));
    kept = next;
  }
}

function steppingAside({ position, write, aside }: Exchange): Numbered {
  return { position, write: { ...write, fields: emptied(aside) } };
}

/** The precondition held when the value stepped aside, in this transaction; since then the columns are empty. */
function fromAside({ position, write, aside }: Exchange): Numbered {
  return { position, write: { ...write, expect: { ...write.expect, ...emptied(aside) } } };
}

const emptied = (names: readonly string[]): NativeFields => Object.fromEntries(names.map((name) => [name, null]));

/** Columns that go from a known value to another one. */
function changedBy({ fields, expect }: NativeWrite): readonly string[] {
  return Object.keys(fields).filter(
    (name) => name in expect && textOf(fields[name] ?? null) !== textOf(expect[name] ?? null),
  );
}

const placeOf = (name: string, values: NativeFields): string => JSON.stringify([name, textOf(values[name] ?? null)]);
