import type { EntityId, PairId } from '../../src/core/ids.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import { type CellEdit, type Ledger, ledgerOf, lost, openQuestions } from '../faults/hub-account.js';
import { doubled, type Told } from './effects.js';
import type { Turned, Written } from './people.js';
import { type Effect, type Row, type SideName, type Unit, units } from './sides.js';
import type { Stack } from './stack.js';

export type Verdict = {
  /** What must not be, each with the place to look at. */
  readonly violations: readonly string[];
  readonly edits: number;
  readonly created: number;
  readonly deleted: number;
  readonly asked: number;
  readonly decided: number;
  readonly writes: number;
  readonly ledger: number;
};

type PersonEdit = CellEdit & {
  readonly side: SideName;
  readonly unit: Unit;
  readonly isNew: boolean;
  readonly atMs: number;
};

/** What the people noted themselves. */
export type Journals = { readonly written: readonly Written[]; readonly turned: readonly Turned[] };

/**
 * Holds what the sides noted of every effect, what the writers noted of their own work, the ledger and the product's
 * word against each other (SPEC I1, I2, I8, I9, I10, I16, I17). The sides are read past the product.
 */
export async function check(stack: Stack, pair: PairId, journals: Journals): Promise<Verdict> {
  const looked = { api: stack.inside, pair };
  const effects = (await Promise.all(stack.sides.map((side) => side.effects())))
    .flat()
    .filter((one) => one.pair === pair);
  const rows = await Promise.all(stack.sides.map(async (side) => ({ side: side.name, rows: await side.rows(pair) })));
  const listener = listening();
  const ledger = await ledgerOf(looked, listener.hear);
  const violations: string[] = [];
  const open = await openQuestions(looked, ['clash', 'delete']).catch((error: unknown) => {
    violations.push(`question: ${String(error)}`);
    return new Set<string>();
  });
  const edits = effects.filter(({ by }) => by === 'people').flatMap(editsIn);
  violations.push(
    ...unlike(rows, open),
    ...unaccounted({ edits, effects, sides: rows, ledger, told: listener.told }),
    ...forgottenBySide(
      journals.written.filter((one) => one.pair === pair),
      edits,
    ),
    ...untold(
      journals.turned.filter((one) => one.pair === pair),
      effects,
    ),
    ...doubled(effects, listener.told),
    ...(await wrongInLedger(stack, pair)),
  );
  const of = (by: Effect['by'], kind?: Effect['kind']): number =>
    effects.filter((one) => one.by === by && (kind === undefined || one.kind === kind)).length;
  const [writes, created, deleted] = [of('parley'), of('people', 'create'), of('people', 'delete')];
  const typed = edits.filter(({ isNew }) => !isNew).length;
  const decided = await decisionsOf(stack, pair);
  // Each edit, new and deleted record is worth a write to each of the two other sides; each answer of a person too.
  const most = 2 * (typed + created + deleted + decided);
  if (writes > most)
    violations.push(`bounded writes: ${writes} writes for ${typed} edits, at most ${most} are explained`);
  return {
    violations: violations.map((one) => `${pair}: ${one}`),
    edits: typed,
    created,
    deleted,
    asked: open.size,
    decided,
    writes,
    ledger: ledger.size,
  };
}

/** Takes from the ledger what it says about whole records; the key of one stands in the entries that it came and went. */
function listening() {
  const keyOf = new Map<EntityId, string>();
  const restored = new Map<string, number>();
  const deleted = new Set<string>();
  const met = new Set<string>();
  const readAtMs = new Map<string, number[]>();
  const hear = ({ kind, entity, side, rule, dot, atMs }: LedgerEntry, payload: string): void => {
    if (entity === null) return;
    if (kind === 'deleted' || kind === 'linked')
      keyOf.set(entity, (JSON.parse(payload) as { detail: { key: string } }).detail.key);
    const key = keyOf.get(entity);
    if (kind === 'linked' && dot !== null) met.add(`${side} ${key}`);
    if (kind === 'linked') readAtMs.set(`${side} ${key}`, [...(readAtMs.get(`${side} ${key}`) ?? []), atMs]);
    if (kind !== 'decided' || key === undefined) return;
    if (rule.startsWith('delete: delete')) deleted.add(key);
    if (rule.startsWith('delete: restore')) restored.set(key, (restored.get(key) ?? 0) + 1);
  };
  return { hear, told: { restored, deleted, met, readAtMs } };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function editsIn({ side, key, kind, before, after, atMs }: Effect): readonly PersonEdit[] {
  const changed = units.filter((unit) => unit in after && after[unit] !== before[unit]);
  return changed.map((unit) => ({
    side,
    key,
    unit,
    value: text(after[unit]),
    over: text(before[unit]),
    isNew: kind === 'create',
    atMs,
  }));
}

type SideRows = { readonly side: SideName; readonly rows: readonly Row[] };

/** Cells that differ between sides and are not asked about, and records that not all sides have. */
export function unlike(sides: readonly SideRows[], open: ReadonlySet<string>): readonly string[] {
  const byKey = new Map<string, Map<SideName, Row>>();
  for (const { side, rows } of sides) {
    for (const row of rows) byKey.set(row.key, (byKey.get(row.key) ?? new Map<SideName, Row>()).set(side, row));
  }
  const found: string[] = [];
  for (const [key, here] of byKey) {
    // Whether it is to be deleted at all is asked, and nothing is written to it meanwhile.
    if (open.has(`${key} record`)) continue;
    if (here.size < sides.length) found.push(`convergence: record ${key} is only on ${[...here.keys()].join(' and ')}`);
    for (const unit of units) {
      if (isKeptElsewhere(unit, here.get('a'))) continue;
      const values = new Set([...here.values()].map((row) => row[unit]));
      if (values.size > 1 && !open.has(`${key} ${unit}`))
        found.push(
          `convergence: ${unit} of ${key} is ${[...here].map(([side, row]) => `${side} ${row[unit]}`).join(', ')}`,
        );
    }
  }
  return found;
}

/** Where the master never had an address, the others keep their own: the rule of a blank master. */
function isKeptElsewhere(unit: Unit, master: Row | undefined): boolean {
  return unit === 'address' && master?.address === '';
}

export type Accounts = {
  readonly edits: readonly PersonEdit[];
  readonly effects: readonly Effect[];
  readonly sides: readonly SideRows[];
  readonly ledger: Pick<Ledger, 'kindsOf'>;
  readonly told: Told;
};

/** Edits that are nowhere: not in a cell, not overwritten or deleted by somebody who had them, not put aside in the ledger. */
export function unaccounted({ edits, effects, sides, ledger, told }: Accounts): readonly string[] {
  const held = new Map<string, readonly string[]>();
  for (const { rows } of sides) {
    for (const row of rows)
      for (const unit of units) held.set(`${row.key} ${unit}`, [...(held.get(`${row.key} ${unit}`) ?? []), row[unit]]);
  }
  const gone = lost(edits, held, ledger, deletedCells(effects, 'people'));
  const rowOf = (side: SideName, key: string): Row | undefined =>
    sides.find((one) => one.side === side)?.rows.find((row) => row.key === key);
  // What a record said where another side decides when we first met it is no edit: it is in the entry of its first
  // contact, or stays where it is.
  const first = saidFirst(edits, ledger);
  const unread = unreadCreates(effects, told);
  const staysThere = (edit: PersonEdit): boolean =>
    isKeptElsewhere(edit.unit, rowOf('a', edit.key)) && rowOf(edit.side, edit.key)?.[edit.unit] === edit.value;
  const known = (edit: PersonEdit): boolean =>
    first.has(edit) ? ledger.kindsOf(edit.value).size > 0 || staysThere(edit) : unread(edit) && staysThere(edit);
  // A person was asked about the delete, the edit being known, and said that the record goes.
  const ours = new Set(deletedCells(effects, 'parley').map(({ key, unit, value }) => `${key} ${unit} ${value}`));
  const isGranted = ({ key, unit, value }: PersonEdit): boolean =>
    told.deleted.has(key) &&
    ours.has(`${key} ${unit} ${value}`) &&
    ['edited', 'linked'].some((kind) => ledger.kindsOf(value).has(kind));
  return gone
    .filter((edit) => !known(edit) && !isGranted(edit))
    .map(
      ({ side, key, unit, value, over }) =>
        `lost edit: ${side} set ${unit} of ${key} to ${value} over ${over}, and it is nowhere`,
    );
}

/** Values that were in a new record before we met it: what its maker gave it, and what followed while the ledger knew none of it. */
function saidFirst(edits: readonly PersonEdit[], ledger: Pick<Ledger, 'kindsOf'>): ReadonlySet<PersonEdit> {
  const place = ({ side, key, unit }: PersonEdit, value: string): string => `${side} ${key} ${unit} ${value}`;
  const unmet = new Set<string>();
  const first = edits.filter((edit) => {
    if (!edit.isNew && !unmet.has(place(edit, edit.over))) return false;
    if (ledger.kindsOf(edit.value).size === 0) unmet.add(place(edit, edit.value));
    return true;
  });
  return new Set(first);
}

/**
 * Tells edits of a record that we had made with a blank there and whose answer was lost: our first reading of it showed the
 * edit, and what a record says first where another side decides is no edit. One that came after that reading is.
 */
function unreadCreates(effects: readonly Effect[], { readAtMs }: Told): (edit: PersonEdit) => boolean {
  const creates = effects.filter(({ by, kind }) => by === 'parley' && kind === 'create');
  return ({ side, key, unit, atMs }) => {
    const made = creates.findLast((one) => one.side === side && one.key === key && one.atMs <= atMs);
    if (made === undefined || text(made.after[unit]) !== '') return false;
    const read = readAtMs.get(`${side} ${key}`)?.find((one) => one >= made.atMs);
    return read !== undefined && atMs <= read;
  };
}

function deletedCells(effects: readonly Effect[], by: Effect['by']) {
  return effects
    .filter((effect) => effect.by === by && effect.kind === 'delete')
    .flatMap(({ key, before }) => units.map((unit) => ({ key, unit, value: text(before[unit]) })));
}

/** What a writer was told is done must be in the side's own notes; otherwise the harness or the side is at fault. */
export function forgottenBySide(written: readonly Written[], edits: readonly PersonEdit[]): readonly string[] {
  const noted = new Map(edits.map((edit) => [`${edit.side} ${edit.value}`, edit]));
  return written.flatMap(({ side, key, unit, value, over, state }) => {
    const found = noted.get(`${side} ${value}`);
    if (state === 'unknown' || (found !== undefined && found.over === over)) return [];
    return [
      `journal: the writer on ${side} set ${unit} of ${key} to ${value} over ${over}, the side noted ${found?.over ?? 'nothing'}`,
    ];
  });
}

/** The same of records that were made and deleted. */
export function untold(turned: readonly Turned[], effects: readonly Effect[]): readonly string[] {
  const noted = new Set(effects.filter(({ by }) => by === 'people').map((one) => `${one.kind} ${one.side} ${one.key}`));
  return turned
    .filter(({ kind, side, key }) => !noted.has(`${kind} ${side} ${key}`))
    .map(({ kind, side, key }) => `journal: the ${kind} of ${key} on ${side} was done, and the side did not note it`);
}

async function wrongInLedger({ inside: { engine } }: Stack, pair: PairId): Promise<readonly string[]> {
  const folded = await engine.verifyLedger({ pair });
  const compared = await engine.verify({ pair });
  return [
    ...folded.problems.map((problem) => `ledger: ${JSON.stringify(problem)}`),
    ...compared.unexplained.map((difference) => `unexplained: ${JSON.stringify(difference)}`),
  ];
}

async function decisionsOf({ inside: { readModel } }: Stack, pair: PairId): Promise<number> {
  let count = 0;
  let after: string | null = null;
  do {
    const filter = { pair, state: 'decided', kind: null, unit: null, shape: null } as const;
    const page: Awaited<ReturnType<typeof readModel.conflicts>> = await readModel.conflicts(filter, {
      after,
      limit: 500,
    });
    count += page.rows.length;
    after = page.next;
  } while (after !== null);
  return count;
}
