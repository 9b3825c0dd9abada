import { isDeepStrictEqual } from 'node:util';
import type { EntityId, PairId, RecordKey, RevisionId, SideName, UnitName } from '../../../src/core/ids.js';
import type { MatchRow, MatchText } from '../../../src/engine/match-store.js';
import type {
  Changes,
  ConflictKind,
  ConflictRow,
  DeliveryRow,
  EntityChange,
  IntentRow,
  LinkRow,
  PairRow,
  RunChange,
  SavedRevision,
  SetAsideRow,
  WrittenEntry,
} from '../../../src/engine/store.js';
import type { NameRow, WaitRow } from '../../../src/engine/reference-store.js';
import type { PlanItem, PlanRow } from '../../../src/engine/plan-rows.js';

export type EntityRow = { readonly id: EntityId; readonly state: string; readonly tick: number } & Pick<
  EntityChange,
  'standing'
>;
export type RunRow = Omit<RunChange, 'add' | 'ended'> & {
  readonly counts: { readonly [counter: string]: number };
  readonly ended: RunChange['ended'] | null;
};

/**
 * What the database holds, as a value: every change gives new tables, so that a transaction is a draft that is taken
 * over whole or dropped whole, and a search can go back to any moment.
 */
export type Tables = {
  readonly revisions: ReadonlyMap<RevisionId, SavedRevision>;
  readonly pair: PairRow | null;
  readonly entities: ReadonlyMap<EntityId, EntityRow>;
  /** By `side key`. */
  readonly links: ReadonlyMap<string, LinkRow>;
  /** By `value side entity`. */
  readonly matches: ReadonlyMap<string, MatchRow>;
  /** By `side entity unit`. */
  readonly texts: ReadonlyMap<string, MatchText & { readonly side: SideName; readonly entity: EntityId }>;
  readonly apart: ReadonlySet<string>;
  readonly ledger: readonly WrittenEntry[];
  readonly deliveries: ReadonlyMap<number, DeliveryRow>;
  readonly intents: ReadonlyMap<string, IntentRow>;
  readonly conflicts: readonly ConflictRow[];
  /** By `side key`, oldest first. */
  readonly rereads: ReadonlyMap<string, { readonly side: SideName; readonly key: RecordKey }>;
  readonly setAside: ReadonlyMap<string, SetAsideRow>;
  /** What records of an entity name in another pair, and what it waits for there. */
  readonly names: ReadonlyMap<EntityId, readonly NameRow[]>;
  readonly waits: ReadonlyMap<EntityId, readonly WaitRow[]>;
  readonly runs: ReadonlyMap<number, RunRow>;
  readonly plans: readonly PlanRow[];
  readonly planItems: readonly (PlanItem & { readonly plan: number })[];
};

export const emptyTables: Tables = {
  revisions: new Map(),
  pair: null,
  entities: new Map(),
  links: new Map(),
  matches: new Map(),
  texts: new Map(),
  apart: new Set(),
  ledger: [],
  deliveries: new Map(),
  intents: new Map(),
  conflicts: [],
  rereads: new Map(),
  setAside: new Map(),
  names: new Map(),
  waits: new Map(),
  runs: new Map(),
  plans: [],
  planItems: [],
};

export const linkName = ({ side, key }: { readonly side: SideName; readonly key: RecordKey }): string =>
  `${side} ${key}`;

/** The tables after one `commit`, list by list in the order in which the real store writes them. */
export function committed(tables: Tables, changes: Changes, nowMs: number): Tables {
  const { entries, head } = appended(changes);
  const pair: PairRow = {
    ...changes.pair,
    // A configuration that was saved meanwhile stays the newest: the real store leaves that column alone.
    latestRevision: tables.pair?.latestRevision ?? changes.pair.latestRevision,
    ledgerSize: head.size,
    ledgerPeaks: head.peaks,
  };
  return {
    ...tables,
    pair,
    entities: withEntities(tables.entities, changes, pair.tick),
    links: withLinks(tables.links, changes),
    matches: withRows(tables.matches, changes.matches, ({ value, side, entity }) => `${value} ${side} ${entity}`),
    texts: withRows(tables.texts, changes.texts, ({ side, entity, unit }) => `${side} ${entity} ${unit}`),
    apart: changes.keptApart === undefined ? tables.apart : new Set([...tables.apart, ...changes.keptApart]),
    ledger: entries.length === 0 ? tables.ledger : [...tables.ledger, ...entries],
    deliveries: withDeliveries(tables.deliveries, changes),
    intents: withRows(tables.intents, changes.intents, ({ delivery, entity }) => `${delivery} ${entity}`),
    conflicts: withConflicts(tables.conflicts, changes, { pair: pair.pair, nowMs }),
    rereads: withRereads(tables.rereads, changes),
    setAside: withSetAside(tables.setAside, changes),
    names: withOwn(tables.names, changes.names),
    waits: withOwn(tables.waits, changes.waits),
    runs: withRun(tables.runs, changes.run),
  };
}

function appended({ entries = [], pair }: Changes): {
  readonly entries: readonly WrittenEntry[];
  readonly head: { readonly size: number; readonly peaks: readonly string[] };
} {
  if (typeof entries === 'function') return entries();
  return { entries, head: { size: pair.ledgerSize, peaks: pair.ledgerPeaks } };
}

function withRows<Row>(
  rows: ReadonlyMap<string, Row>,
  changes: readonly Row[] | undefined,
  name: (row: Row) => string,
): ReadonlyMap<string, Row> {
  if (changes === undefined || changes.length === 0) return rows;
  const next = new Map(rows);
  for (const row of changes) next.set(name(row), row);
  return next;
}

function withEntities(rows: Tables['entities'], { entities = [] }: Changes, tick: number): Tables['entities'] {
  if (entities.length === 0) return rows;
  const next = new Map(rows);
  for (const { id, state, standing } of entities) next.set(id, { id, state, standing, tick });
  return next;
}

function withLinks(rows: Tables['links'], { links = [], unlinks = [] }: Changes): Tables['links'] {
  if (links.length + unlinks.length === 0) return rows;
  const next = new Map(rows);
  for (const link of unlinks) if (next.get(linkName(link))?.entity === link.entity) next.delete(linkName(link));
  for (const link of links) next.set(linkName(link), link);
  return next;
}

function withDeliveries(rows: Tables['deliveries'], changes: Changes): Tables['deliveries'] {
  const { deliveries = [], deliveryStates = [] } = changes;
  if (deliveries.length + deliveryStates.length === 0) return rows;
  const next = new Map(rows);
  for (const delivery of deliveries) {
    if (next.has(delivery.id)) throw new Error(`delivery ${delivery.id} is there already`);
    next.set(delivery.id, delivery);
  }
  for (const { id, state, attempt, announced } of deliveryStates) {
    const row = next.get(id);
    const known = state === 'sent' ? (announced ?? row?.announced ?? null) : null;
    if (row !== undefined) next.set(id, { ...row, state, attempt, announced: known });
  }
  return next;
}

const isSame = (
  row: { readonly entity: EntityId; readonly unit: UnitName | null; readonly kind: ConflictKind },
  other: typeof row,
): boolean => row.entity === other.entity && row.unit === other.unit && row.kind === other.kind;

function withConflicts(
  rows: Tables['conflicts'],
  { conflicts = [], closes = [] }: Changes,
  { pair, nowMs }: { readonly pair: PairId; readonly nowMs: number },
): Tables['conflicts'] {
  if (conflicts.length + closes.length === 0) return rows;
  const next = rows.map((row) => {
    const close = row.state === 'open' ? closes.find((candidate) => isSame(row, candidate)) : undefined;
    if (close === undefined) return row;
    return { ...row, state: close.state, endedAtMs: nowMs, decidedBy: close.decidedBy, choice: close.choice };
  });
  for (const draft of conflicts) {
    const at = next.findIndex((row) => row.state === 'open' && isSame(row, draft));
    const open = at < 0 ? undefined : next[at];
    if (open !== undefined) next[at] = { ...open, ...draft };
    else
      next.push({
        ...draft,
        id: next.length + 1,
        pair,
        state: 'open',
        openedAtMs: nowMs,
        endedAtMs: null,
        decidedBy: null,
        choice: null,
      });
  }
  return next;
}

function withRereads(rows: Tables['rereads'], { rereads = [], rereadsDone = [] }: Changes): Tables['rereads'] {
  if (rereads.length + rereadsDone.length === 0) return rows;
  const next = new Map(rows);
  for (const done of rereadsDone) next.delete(linkName(done));
  for (const row of rereads) if (!next.has(linkName(row))) next.set(linkName(row), row);
  return next;
}

function withSetAside(rows: Tables['setAside'], changes: Changes): Tables['setAside'] {
  const { setAside = [], setAsideCleared = [] } = changes;
  if (setAside.length + setAsideCleared.length === 0) return rows;
  const next = new Map([...rows].filter(([, { side }]) => !setAsideCleared.includes(side)));
  for (const row of setAside) next.set(`${row.side} ${row.place}`, row);
  return next;
}

/** The rows of these entities take the place of all that they had; one that comes twice is one. */
function withOwn<Row extends NameRow | WaitRow>(
  rows: ReadonlyMap<EntityId, readonly Row[]>,
  changes: { readonly of: readonly EntityId[]; readonly rows: readonly Row[] } | undefined,
): ReadonlyMap<EntityId, readonly Row[]> {
  if (changes === undefined || changes.of.length === 0) return rows;
  const next = new Map(rows);
  for (const id of changes.of) {
    const own = changes.rows.filter(({ entity }) => entity === id);
    if (own.length === 0) next.delete(id);
    else
      next.set(
        id,
        own.filter((row, index) => own.findIndex((other) => isSameRow(row, other)) === index),
      );
  }
  return next;
}

function isSameRow(row: NameRow | WaitRow, other: NameRow | WaitRow): boolean {
  return isDeepStrictEqual({ ...row, seen: 0 }, { ...other, seen: 0 });
}

function withRun(rows: Tables['runs'], run: RunChange | undefined): Tables['runs'] {
  if (run === undefined) return rows;
  const old = rows.get(run.id);
  const counts: { [counter: string]: number } = { ...old?.counts };
  for (const [counter, count] of Object.entries(run.add)) counts[counter] = (counts[counter] ?? 0) + count;
  const problem = run.problem === undefined ? (old?.problem ?? null) : run.problem;
  return new Map(rows).set(run.id, {
    id: run.id,
    kind: old?.kind ?? run.kind,
    counts,
    ended: run.ended ?? old?.ended ?? null,
    problem,
  });
}
