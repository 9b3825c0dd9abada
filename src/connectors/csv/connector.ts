import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ParleyError } from '../../core/errors.js';
import type {
  Connector,
  ConnectorFactory,
  ConnectorSettings,
  KeyPage,
  KeyRequest,
  NativeRecord,
  NativeWrite,
  ObjectDescription,
  ReadPage,
  ReadRequest,
  WriteOutcome,
} from '../../engine/connector.js';
import type { RecordKey } from '../../core/ids.js';
import { Feed } from './feed.js';
import { fileOptions, readHeader } from './header.js';
import { cleanLeftovers } from './leftovers.js';
import { ifUnlocked } from './lock.js';
import { Lookup } from './lookup.js';
import { type Place, placeOf, realPathOf, shortDigest } from './place.js';
import { Snapshots, type SnapshotSettings } from './snapshots.js';
import { asRefusal, systemCode } from './system-errors.js';
import { Writer } from './write.js';

/** Moments at which a test acts as another user of the file. */
export type Moments = { readonly beforeRename?: () => void };

/**
 * Opens one CSV file of a folder. Reading and writing share the work folder, never each other's state: every call
 * looks at the file anew.
 * @throws ParleyError `config.invalid` for settings that name no file, encoding or delimiter.
 */
export const openCsv: ConnectorFactory = (settings) => connectCsv(settings, {});

/** The same, with a test's hand at certain moments. */
export async function connectCsv(settings: ConnectorSettings, moments: Moments): Promise<Connector> {
  const place = placeOf(settings);
  const options = fileOptions(settings.options, settings.connection);
  const { key, fields = [], workFolder } = settings;
  if (key.length === 0) {
    throw new ParleyError('config.invalid', `${settings.connection}/${place.object} has no key.`, {
      hint: 'Name the column, or the columns, that tell its rows apart.',
    });
  }
  // States are kept apart for every way to read the file; the lock is the file's own, however it is read.
  const readAs = JSON.stringify([place.path, key, [...fields].sort(), options]);
  const folder = join(workFolder, `csv-${shortDigest(readAs)}`);
  const lockFolder = join(workFolder, `csv-lock-${shortDigest(place.path)}`);
  await tidy(place, lockFolder);
  return new CsvConnector({ place, object: place.object, key, fields, options, folder }, lockFolder, moments);
}

class CsvConnector implements Connector {
  readonly #settings: SnapshotSettings;
  readonly #feed: Feed;
  readonly #lookup: Lookup;
  readonly #writer: Writer;

  constructor(settings: SnapshotSettings, lockFolder: string, moments: Moments) {
    const { place, key, folder } = settings;
    const snapshots = new Snapshots(settings);
    this.#settings = settings;
    this.#feed = new Feed({ place, folder, snapshots });
    this.#lookup = new Lookup({ place, folder, snapshots });
    this.#writer = new Writer({ place, key, snapshots, lookup: this.#lookup, lockFolder, ...moments });
  }

  async describe(signal?: AbortSignal): Promise<ObjectDescription> {
    signal?.throwIfAborted();
    const { place, key, fields, options } = this.#settings;
    const path = await realPathOf(place);
    const header = await readHeader(path, place.object, [...key, ...fields], options).catch((error: unknown) => {
      throw asRefusal(error, place.object, 'read');
    });
    if (header === null) {
      throw new ParleyError(
        'connector.source_invalid',
        `${place.object}:1: the file is empty; it has no header line.`,
        {
          hint: 'Put the header line into the file.',
        },
      );
    }
    const isWritable = await canWrite(path);
    const names = header.columns.filter((name) => name !== '');
    return {
      object: place.object,
      // A cell is never null: a null that is written is an empty cell, and is read as an empty text.
      fields: names.map((name) => ({ name, type: 'text', writable: isWritable, nullable: true })),
      key,
      writeClass: 'W1',
      createClass: 'C2',
      reads: 'feed',
      deletes: 'feed',
      fingerprint: `csv:${shortDigest(path)}`,
    };
  }

  read(request: ReadRequest): Promise<ReadPage> {
    return this.#feed.read(request);
  }

  readByKeys(keys: readonly RecordKey[], signal?: AbortSignal): Promise<readonly NativeRecord[]> {
    return this.#lookup.byKeys(keys, signal);
  }

  listKeys(request: KeyRequest): Promise<KeyPage> {
    return this.#lookup.keys(request);
  }

  write(writes: readonly NativeWrite[], signal?: AbortSignal): Promise<readonly WriteOutcome[]> {
    return this.#writer.write(writes, signal);
  }

  /** Holds nothing open between calls. */
  async close(): Promise<void> {}
}

/** Removes what a killed process left beside the file, unless a living one is writing it. */
async function tidy(place: Place, lockFolder: string): Promise<void> {
  const path = await realPathOf(place).catch(() => null);
  if (path === null) return;
  try {
    await ifUnlocked(lockFolder, () => cleanLeftovers(path));
  } catch (error) {
    // In a folder that we may not change, nothing of ours can have been left.
    if (!['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error))) throw asRefusal(error, place.object, 'read');
  }
}

/** A new version needs a place in the folder, and a file that is marked read-only is not ours to replace. */
async function canWrite(path: string): Promise<boolean> {
  const rights = [access(path, constants.W_OK), access(dirname(path), constants.W_OK)];
  return (await Promise.allSettled(rights)).every(({ status }) => status === 'fulfilled');
}
