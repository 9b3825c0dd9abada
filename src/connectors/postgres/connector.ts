import { hasCode, ParleyError } from '../../core/errors.js';
import type { Connector, ConnectorFactory, ConnectorSettings, Fate } from '../../engine/connector.js';
import { type Client, openClient, type Session } from './client.js';
import { descriptionOf, loadTable } from './describe.js';
import { type Attempt, explained, failureKind } from './failures.js';
import { KeyListing, readByKeys } from './keys.js';
import { type Place, placeOf } from './place.js';
import { readPage } from './read.js';
import type { Table } from './table.js';
import { fateOf } from './transaction.js';
import { writeBatch } from './write.js';

/**
 * One table of a PostgreSQL database (13 or later), given as `schema.table` or `table`; the option is `url`. The
 * database is contacted when something is asked of it. A view is read, in full each time, and not written.
 */
export const openPostgres: ConnectorFactory = async (settings) => {
  const place = placeOf(settings);
  const client = openClient(settings.options['url'] ?? '');
  return new PostgresTable(client, settings, place);
};

class PostgresTable implements Connector {
  readonly #client: Client;
  readonly #settings: ConnectorSettings;
  readonly #place: Place;
  readonly #listing = new KeyListing();
  /** What the catalog said; read again after the table has changed. */
  #table: Table | null = null;

  constructor(client: Client, settings: ConnectorSettings, place: Place) {
    this.#client = client;
    this.#settings = settings;
    this.#place = place;
  }

  describe: Connector['describe'] = (signal) => {
    this.#table = null;
    return this.#reading(async (_, table) => descriptionOf(table), signal);
  };

  read: Connector['read'] = (request) =>
    this.#reading((session, table) => readPage(session, table, request), request.signal);

  readByKeys: Connector['readByKeys'] = (keys, signal) =>
    this.#reading((session, table) => readByKeys(session, table, keys), signal);

  listKeys: Connector['listKeys'] = (request) =>
    this.#reading((session, table) => this.#listing.page(session, table, request), request.signal);

  write: Connector['write'] = async (writes, signal, announce) => {
    signal?.throwIfAborted();
    if (writes.length === 0) return [];
    try {
      return await this.#knowing(async () => {
        const table = await this.#client.use((session) => this.#load(session));
        if (table.kind === 'view') throw viewIsReadOnly(this.#place);
        return writeBatch(this.#client, table, writes, signal, announce);
      });
    } catch (error) {
      const privileges = ['select', ...new Set(writes.map(({ kind }) => (kind === 'create' ? 'insert' : kind)))];
      throw explained(error, this.#attempt('Nothing of the batch was written.', privileges));
    }
  };

  /** What the server has forgotten, nobody knows any more. */
  fateOf = async (mark: string): Promise<Fate> => {
    const table = await this.#knowing(() => this.#client.use((session) => this.#load(session)));
    return fateOf(this.#client, mark, table.identity);
  };

  close: Connector['close'] = () => this.#client.close();

  async #reading<T>(work: (session: Session, table: Table) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await this.#knowing(() =>
        this.#client.use((session) =>
          session.cancellable(async () => work(session, await this.#load(session)), signal),
        ),
      );
    } catch (error) {
      throw explained(
        error,
        this.#attempt('Nothing was changed; the next read goes on from the same place.', ['select']),
      );
    }
  }

  /** Work that fails on a table known from before, because it has changed, is done once more on what it has become. */
  async #knowing<T>(work: () => Promise<T>): Promise<T> {
    const known = this.#table;
    try {
      return await work();
    } catch (error) {
      const isOutdated = failureKind(error) === 'schema' || hasCode(error, 'connector.schema_changed');
      if (isOutdated) this.#table = null;
      if (!isOutdated || known === null) throw error;
      return work();
    }
  }

  async #load(session: Session): Promise<Table> {
    this.#table ??= await loadTable(session, this.#settings, this.#place);
    return this.#table;
  }

  #attempt(safe: string, privileges: readonly string[]): Attempt {
    return { place: this.#place, safe, privileges };
  }
}

function viewIsReadOnly(place: Place): ParleyError {
  return new ParleyError('connector.unsupported', `${place.object} is a view. Nothing of the batch was written.`, {
    hint: 'Views are read only: name the table behind it, or let the other side be the master of all fields.',
  });
}
