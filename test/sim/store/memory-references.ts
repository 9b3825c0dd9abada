import type { EntityId, PairId } from '../../../src/core/ids.js';
import type { NamedRow, OrphanRow, ParentReads, ReferenceReads } from '../../../src/engine/reference-store.js';
import { linkName, type Tables } from './tables.js';

/** As `src/db/store/reference-names.ts` has it. */
const keysShown = 5;

/** The other pairs of a database. */
type Others = { readonly others: ReadonlyMap<PairId, { readonly tables: Tables }> };
type Read = <R>(label: string, of: (tables: Tables) => R) => Promise<R>;
/** The tables of a pair: those of a transaction for its own pair, and what was committed of any other. */
type TablesOf = (pair: PairId, own: Tables) => Tables | null;

/** How references find what they name, on the tables of all pairs of this process. */
export function parentReads(database: Others, read: Read): ParentReads {
  const tablesOf: TablesOf = (pair, own) =>
    own.pair?.pair === pair ? own : (database.others.get(pair)?.tables ?? null);
  return {
    async parents(pair, places) {
      // How far the pair is, and only then its records: others commit in between.
      const tick = await read('parents tick', (own) => tablesOf(pair, own)?.pair?.tick ?? -1);
      const rows = await read('parents', (own) => {
        const tables = tablesOf(pair, own);
        return places.flatMap((place) => {
          const entity = tables?.entities.get(tables.links.get(linkName(place))?.entity ?? (0 as EntityId));
          return entity === undefined ? [] : [{ ...place, id: entity.id, state: entity.state }];
        });
      });
      return { tick, rows };
    },
    namedBy: (parent, places) =>
      read('namedBy', (own) =>
        [own, ...[...database.others.values()].map(({ tables }) => tables)].flatMap((tables) =>
          places.flatMap((place): NamedRow[] => {
            const entities = [...tables.names.values()]
              .flat()
              .filter((name) => name.parent === parent && name.side === place.side && name.key === place.key)
              .map(({ entity }) => entity);
            if (entities.length === 0 || tables.pair === null) return [];
            const links = [...tables.links.values()].filter(
              ({ side, entity }) => side === place.side && entities.includes(entity),
            );
            const keys = links.map(({ key }) => key).sort();
            const { pair, tick } = tables.pair;
            const count = new Set(entities).size;
            return [{ side: place.side, key: place.key, pair, count, keys: keys.slice(0, keysShown), tick }];
          }),
        ),
      ),
  };
}

export function referenceReads(database: Others, read: Read): ReferenceReads {
  const tablesOf: TablesOf = (pair, own) =>
    own.pair?.pair === pair ? own : (database.others.get(pair)?.tables ?? null);
  return {
    ...parentReads(database, read),
    readyWaits: (limit) =>
      read('readyWaits', (own) => {
        const ready = [...own.waits.values()].flat().filter(({ parent, parentSide, parentKey, seen }) => {
          const tables = tablesOf(parent, own);
          const link = tables?.links.get(linkName({ side: parentSide, key: parentKey }));
          return link !== undefined && (tables?.entities.get(link.entity)?.tick ?? -1) > seen;
        });
        return [...new Set(ready.map(({ entity }) => entity))].sort((a, b) => a - b).slice(0, limit);
      }),
    orphans: (parents, limit) =>
      read('orphans', (own) => {
        const rows = new Map<string, OrphanRow>();
        for (const parent of parents) {
          const tables = tablesOf(parent, own);
          for (const { side, key, entity: id } of tables?.links.values() ?? []) {
            const row = tables?.entities.get(id);
            const isHeld = row?.standing === 'held' || row?.standing === 'waiting';
            if (row === undefined || !isHeld || !row.state.includes('"kind":"children"')) continue;
            for (const name of [...own.names.values()].flat())
              if (name.parent === parent && name.side === side && name.key === key)
                rows.set(`${name.entity} ${parent}`, { entity: name.entity, parent, side, key, state: row.state });
          }
        }
        return [...rows.values()].sort((a, b) => a.entity - b.entity || (a.parent < b.parent ? -1 : 1)).slice(0, limit);
      }),
  };
}
