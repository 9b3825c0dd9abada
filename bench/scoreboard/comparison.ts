import { type Arena, type Field, fields, type Question, type Row } from './arena.js';

/** What both tables hold, and what waits for a person. */
export type Outcome = {
  readonly a: ReadonlyMap<string, Row>;
  readonly b: ReadonlyMap<string, Row>;
  readonly questions: readonly Question[];
};

/** Lets the product come to rest and looks at what it left. */
export async function outcomeOf(arena: Arena): Promise<Outcome> {
  await arena.settle();
  const [a, b, questions] = await Promise.all([arena.a.rows(), arena.b.rows(), arena.questions()]);
  return { a, b, questions };
}

/** A value that the two tables do not share; `field` is null when one of them lacks the whole record. */
export type Difference = { readonly id: string; readonly field: Field | null };

export function differences({ a, b }: Outcome, compared: readonly Field[] = fields): readonly Difference[] {
  const found: Difference[] = [];
  for (const id of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(id), b.get(id)];
    if (left === undefined || right === undefined) found.push({ id, field: null });
    else for (const field of compared) if (!isSame(field, left[field], right[field])) found.push({ id, field });
  }
  return found;
}

/** Differences that no open question tells anybody about. */
export function silentDifferences(outcome: Outcome, compared: readonly Field[] = fields): readonly Difference[] {
  return differences(outcome, compared).filter((difference) => !isAsked(outcome.questions, difference));
}

export function isAsked(questions: readonly Question[], { id, field }: Difference): boolean {
  return questions.some(
    (question) => question.ids.includes(id) && (question.field === null || field === null || question.field === field),
  );
}

/** Whether both tables hold the value. */
export function holds({ a, b }: Outcome, id: string, field: Field, value: string | null): boolean {
  const [left, right] = [a.get(id), b.get(id)];
  return (
    left !== undefined && right !== undefined && isSame(field, left[field], value) && isSame(field, right[field], value)
  );
}

/** Numbers and moments are equal however a store spells them. */
export function isSame(field: Field, left: string | null, right: string | null): boolean {
  if (left === null || right === null) return left === right;
  if (field === 'stock') return Number(left) === Number(right);
  if (field === 'updated_at') return Date.parse(left) === Date.parse(right);
  return left === right;
}
