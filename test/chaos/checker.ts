import type { PairId } from '../../src/core/ids.js';
import { type CellEdit, type Ledger, ledgerOf, lost, openQuestions } from '../faults/hub-account.js';
import type { Written } from './people.js';
import { type Effect, type Row, type SideName, type Unit, units } from './sides.js';
import type { Stack } from './stack.js';

export type Verdict = {
  /** What must not be, each with the place to look at. */
  readonly violations: readonly string[];
  readonly edits: number;
  readonly created: number;
  readonly asked: number;
  readonly decided: number;
  readonly writes: number;
  readonly ledger: number;
};

type PersonEdit = CellEdit & { readonly side: SideName; readonly unit: Unit; readonly isNew: boolean };

/**
 * Holds what the sides noted of every effect, what the writers noted of their own work, the ledger and the product's
 * word against each other (SPEC I1, I2, I8, I9, I10, I17). The sides are read past the product.
 */
export async function check(stack: Stack, pair: PairId, written: readonly Written[]): Promise<Verdict> {
  const looked = { api: stack.inside, pair };
  const effects = (await Promise.all(stack.sides.map((side) => side.effects())))
    .flat()
    .filter((one) => one.pair === pair);
  const rows = await Promise.all(stack.sides.map(async (side) => ({ side: side.name, rows: await side.rows(pair) })));
  const ledger = await ledgerOf(looked);
  const violations: string[] = [];
  const open = await openQuestions(looked).catch((error: unknown) => {
    violations.push(`question: ${String(error)}`);
    return new Set<string>();
  });
  const edits = effects.filter(({ by }) => by === 'people').flatMap(editsIn);
  violations.push(
    ...unlike(rows, open),
    ...unaccounted(edits, rows, ledger),
    ...forgottenBySide(
      written.filter((one) => one.pair === pair),
      edits,
    ),
    ...doubled(effects),
    ...(await wrongInLedger(stack, pair)),
  );
  const writes = effects.filter(({ by }) => by === 'parley').length;
  const created = effects.filter(({ by, kind }) => by === 'people' && kind === 'create').length;
  const typed = edits.filter(({ isNew }) => !isNew).length;
  const decided = await decisionsOf(stack, pair);
  // Each edit and new record is worth a write to each of the two other sides; each answer of a person too.
  const most = 2 * (typed + created + decided);
  if (writes > most)
    violations.push(`bounded writes: ${writes} writes for ${typed} edits, at most ${most} are explained`);
  return {
    violations: violations.map((one) => `${pair}: ${one}`),
    edits: typed,
    created,
    asked: open.size,
    decided,
    writes,
    ledger: ledger.size,
  };
}

function editsIn({ side, key, kind, before, after }: Effect): readonly PersonEdit[] {
  const changed = units.filter((unit) => unit in after && after[unit] !== before[unit]);
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return changed.map((unit) => ({
    side,
    key,
    unit,
    value: text(after[unit]),
    over: text(before[unit]),
    isNew: kind === 'create',
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

export function unaccounted(
  edits: readonly PersonEdit[],
  sides: readonly SideRows[],
  ledger: Ledger,
): readonly string[] {
  const held = new Map<string, readonly string[]>();
  for (const { rows } of sides) {
    for (const row of rows)
      for (const unit of units) held.set(`${row.key} ${unit}`, [...(held.get(`${row.key} ${unit}`) ?? []), row[unit]]);
  }
  const gone = lost(edits, held, ledger);
  const rowOf = (side: SideName, key: string): Row | undefined =>
    sides.find((one) => one.side === side)?.rows.find((row) => row.key === key);
  // What a new record said where another side decides is no edit: it is in the entry of its first contact, or stays.
  const known = ({ side, key, unit, value, isNew }: PersonEdit): boolean =>
    isNew &&
    (ledger.kindsOf(value).size > 0 || (isKeptElsewhere(unit, rowOf('a', key)) && rowOf(side, key)?.[unit] === value));
  return gone
    .filter((edit) => !known(edit))
    .map(
      ({ side, key, unit, value, over }) =>
        `lost edit: ${side} set ${unit} of ${key} to ${value} over ${over}, and it is nowhere`,
    );
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

/** Effects of ours that happened twice, or that changed nothing. */
export function doubled(effects: readonly Effect[]): readonly string[] {
  const ours = effects.filter(({ by }) => by === 'parley');
  const found: string[] = [];
  const seen = new Set<string>();
  const once = (mark: string, what: string): void => {
    if (seen.has(mark)) found.push(`doubled effect: ${what}`);
    seen.add(mark);
  };
  for (const { side, kind, key, idempotencyKey, before, after } of ours) {
    if (kind === 'create') once(`create ${side} ${key}`, `${key} was created twice on ${side}`);
    if (idempotencyKey !== null) once(`key ${idempotencyKey}`, `${idempotencyKey} took effect twice on ${side}`);
    const changes = units.filter((unit: Unit) => unit in after && after[unit] !== before[unit]);
    if (kind === 'update' && changes.length === 0)
      found.push(`needless write: nothing of ${key} on ${side} was changed by it`);
  }
  return found;
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
