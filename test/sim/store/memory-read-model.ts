import { questionKinds } from '../../../src/core/question.js';
import { standings } from '../../../src/core/standing.js';
import type { Page, PairStatus, ReadModel } from '../../../src/engine/read-model.js';
import type { ConflictKind, ConflictRow, Standing } from '../../../src/engine/store.js';
import { storedEntry } from './memory-history.js';
import type { MemoryDatabase } from './memory-store.js';
import { linkName, type Tables } from './tables.js';

/** The queries of the read model that the engine itself asks; what only the API asks is refused aloud. */
export function openMemoryReadModel(database: MemoryDatabase): ReadModel {
  const ask = <R>(of: (tables: Tables) => R): Promise<R> => Promise.resolve(of(database.tables));
  return {
    pairStatus: () => ask((tables) => statusOf(tables, database.nowMs())),
    pairStatuses: () => ask((tables) => (tables.pair === null ? [] : [statusOf(tables, database.nowMs())])),
    conflict: (id) => ask(({ conflicts }) => conflicts.find((row) => row.id === id) ?? null),
    conflicts: (filter, page) =>
      ask(({ conflicts }) => {
        const after = page.after === null ? 0 : Number(page.after);
        const wanted = conflicts.filter(
          (row) =>
            row.id > after &&
            (filter.state === null || row.state === filter.state) &&
            (filter.kind === null || row.kind === filter.kind) &&
            (filter.unit === null || row.unit === filter.unit) &&
            (filter.shape === null || row.shape === filter.shape),
        );
        const rows = wanted.slice(0, page.limit);
        const next = wanted.length > rows.length ? String(rows.at(-1)?.id ?? 0) : null;
        return { rows, next } satisfies Page<ConflictRow>;
      }),
    entityConflicts: (_pair, entity) => ask(({ conflicts }) => conflicts.filter((row) => row.entity === entity)),
    entityByKey: (_pair, side, key) =>
      ask(({ links, entities }) => {
        const link = links.get(linkName({ side, key }));
        return link === undefined ? null : (entities.get(link.entity) ?? null);
      }),
    entityLedger: (_pair, entity, { limit }) =>
      ask(({ ledger }) => {
        const rows = ledger.filter(({ entry }) => entry.entity === entity).map(storedEntry);
        return { rows: rows.reverse().slice(0, limit), next: null };
      }),
    runs: unasked,
    plans: unasked,
    planItems: unasked,
    records: unasked,
    ledger: unasked,
    entityDeliveries: unasked,
    conflictGroups: unasked,
    setAside: unasked,
    entriesSince: unasked,
    workersAlive: unasked,
  };
}

function unasked(): Promise<never> {
  return Promise.reject(new Error('the engine never asks this of the read model'));
}

function statusOf(tables: Tables, nowMs: number): PairStatus {
  const { pair, revisions, entities, conflicts, setAside, plans } = tables;
  if (pair === null) throw new Error('no pair was saved');
  const rules = revisions.get(pair.revision ?? pair.latestRevision)?.rules;
  const counts = Object.fromEntries(standings.map((standing) => [standing, 0])) as Record<Standing, number>;
  for (const { standing } of entities.values()) counts[standing] += 1;
  const open = Object.fromEntries(questionKinds.map((kind) => [kind, 0])) as Record<ConflictKind, number>;
  for (const { kind, state } of conflicts) if (state === 'open') open[kind] += 1;
  const waiting = [...tables.deliveries.values()].filter(({ state }) => state !== 'done');
  return {
    row: pair,
    owner: rules?.owner ?? '',
    about: rules?.about ?? '',
    everyMs: rules?.run.everyMs ?? 0,
    sides: (rules?.sides ?? []).map(({ name, connection, object }) => ({ name, connection, object })),
    standings: counts,
    oldestUndeliveredMs: waiting.length === 0 ? null : Math.min(...waiting.map(({ createdAtMs }) => createdAtMs)),
    openConflicts: open,
    lastRun: null,
    setAside: setAside.size,
    openPlan: plans.findLast(({ state }) => ['reading', 'deciding', 'ready', 'applying'].includes(state)) ?? null,
    nowMs,
  };
}
