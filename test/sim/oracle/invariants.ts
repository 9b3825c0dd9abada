import type { EntityId } from '../../../src/core/ids.js';
import type { Json } from '../../../src/core/json.js';
import type { Shadow } from '../../../src/core/state.js';
import { boundNames } from '../bounded.js';
import type { WorldOptions } from '../options.js';
import type { Tables } from '../store/tables.js';
import type { Effect } from '../system.js';
import { thousandths } from '../truth.js';
import { stateIn } from './state-in.js';

type Bounded = {
  readonly options: WorldOptions;
  readonly database: { readonly tables: Tables };
  readonly oracle: { report(invariant: string, what: string): void };
};
type Fields = { readonly [field: string]: Json };

/**
 * Nobody's record (I23): a write that makes a record break what it fulfilled brings just what some side holds, or a value of
 * a side that breaks it by its own record. Who compares nothing can be overtaken by an edit, and so can several workers.
 */
export function checkBounds({ options, database, oracle }: Bounded, { side, carried, before, after }: Effect): void {
  const { write, entity } = carried;
  const isBlind = options.sides.some((one) => one.name === side && (one.write === 'W0' || one.write === 'W1'));
  if (options.isBounded !== true || write.kind === 'delete' || isBlind || options.workers > 1) return;
  if (options.faults.some((fault) => fault === 'late' || fault === 'restore hub' || fault === 'restore side')) return;
  const written = boundNames.filter((name) => name in write.fields);
  if (after === null || written.length === 0 || !isBroken(after.fields)) return;
  if (before !== null && isBroken(before.fields)) return;
  const held = Object.values(stateIn(database.tables, entity as EntityId).sides)
    .filter(({ presence }: Shadow) => presence === 'present')
    .map(({ raws }: Shadow): Fields => raws);
  const isNobodys = held.every((own) => {
    const isSame = (name: string): boolean => numberOf(own, name) === numberOf(after.fields, name);
    return !boundNames.every(isSame) && !(isBroken(own) && written.some(isSame));
  });
  const [lo, hi] = boundNames.map((name) => JSON.stringify(after.fields[name]));
  if (isNobodys)
    oracle.report('I23', `${side}/${write.key} was written to begin at ${lo} and end at ${hi}, as nobody has it`);
}

/** At the end what is broken together is a question. */
export function checkBroken({ database: { tables }, oracle }: Bounded, when: string): void {
  for (const id of tables.entities.keys()) {
    const { broken, presence } = stateIn(tables, id);
    const isOpen = tables.conflicts.some(
      ({ entity, kind, state }) => entity === id && kind === 'invariant' && state === 'open',
    );
    if (broken === null || presence.kind === 'alias') {
      if (isOpen) oracle.report('I23', `entity ${id} breaks nothing, and is asked about, ${when}`);
    } else if (!isOpen) oracle.report('I23', `entity ${id} breaks an invariant and nobody is asked, ${when}`);
  }
}

const numberOf = (fields: Fields, name: string): number | null => thousandths(fields[name] ?? null);

function isBroken(fields: Fields): boolean {
  const [lo, hi] = boundNames.map((name) => numberOf(fields, name));
  return lo != null && hi != null && lo > hi;
}
