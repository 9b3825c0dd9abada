import { type Application, type Field, fields, type Row, type Site } from '../arena.js';

/** A store of documents, as the applications of PouchDB and RxDB use one. */
export type DocumentStore = {
  /** Writes documents as they shall be; those that are there keep what is not named. */
  change(ids: readonly string[], change: (document: Row | undefined) => Partial<Row>): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  all(): Promise<readonly Row[]>;
};

/** People who work in one store of documents. A document is written whole, but for what they did not touch. */
export function documentApplication(store: () => DocumentStore, site: Site): Application {
  return {
    site,
    async insert(rows) {
      const byId = new Map(rows.map((row) => [row.id, row]));
      await store().change(
        rows.map(({ id }) => id),
        (old) => byId.get(old?.id ?? '') ?? {},
      );
    },
    async edit(edits) {
      const sets = new Map(edits.map(({ id, set }) => [id, set]));
      await store().change([...sets.keys()], (old) => sets.get(old?.id ?? '') ?? {});
    },
    async add(ids, amount) {
      await store().change(ids, (old) => ({ stock: String(Number(old?.stock ?? 0) + amount) }));
    },
    remove: (ids) => store().remove(ids),
    async rows(only) {
      const wanted = only === undefined ? null : new Set(only);
      const found = await store().all();
      return new Map(found.filter(({ id }) => wanted?.has(id) ?? true).map((row) => [row.id, row]));
    },
  };
}

/** The row that both sites begin with, under its number. */
export function firstRow(n: number): Row {
  return {
    id: String(n),
    code: `C${n}`,
    name: `Person ${n}`,
    email: `person${n}@example.org`,
    phone: `+44 20 ${String(n).padStart(8, '0')}`,
    city: `City ${n % 89}`,
    stock: '1000',
    updated_at: '2026-01-01T00:00:00.000Z',
  };
}

/** The fields of a document, without what its store keeps beside them. */
export function rowOf(id: string, document: { readonly [name: string]: unknown }): Row {
  const value = (field: Field): string | null => {
    const found = document[field];
    return typeof found === 'string' ? found : null;
  };
  return Object.fromEntries([['id', id], ...fields.map((field) => [field, value(field)])]) as Row;
}

/** What a store of documents in the application's own process cannot be asked. */
export const embeddedNotApplicable = {
  'unique-swap': 'it has no unique constraints',
  'unique-clash': 'it has no unique constraints',
  'poison-row': 'a replica cannot refuse a document',
  'restart-mid-batch': "it lives in the application's own process: killing it kills the writers too",
};
