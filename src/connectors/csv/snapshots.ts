import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildIndex, type IndexRequest } from './build-index.js';
import { type Copy, isSettled, type Stamp, stampAt, takeCopy } from './copy.js';
import { type KeyIndex, packIndex, unpackIndex } from './key-index.js';
import type { Place } from './place.js';
import { asRefusal, systemCode } from './system-errors.js';

/** One complete state of the file: a private copy and its index. */
export type Snapshot = {
  readonly digest: string;
  readonly index: KeyIndex;
  /** The private copy; it may be gone when the work folder was emptied. */
  readonly path: string;
  /** What the file system said when the copy was taken. */
  readonly stamp: Stamp;
};

/** Indexes kept for cursors that have not moved on, besides those that are in use. */
const indexesKept = 4;
const partAgeMaxMs = 3_600_000;

export type SnapshotSettings = Omit<IndexRequest, 'path'> & {
  readonly place: Place;
  /** A folder of this file alone. */
  readonly folder: string;
};

/**
 * The states of one file, kept in the work folder so that a pass reads one state from its first page to its last and
 * the next pass knows what it compares with. Losing any of it costs a full read and nothing else.
 */
export class Snapshots {
  readonly #settings: SnapshotSettings;
  readonly #indexes = new Map<string, KeyIndex>();
  #latest: Snapshot | null = null;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(settings: SnapshotSettings) {
    this.#settings = settings;
  }

  /**
   * The file as it is now. When nothing changed since the last look this costs one `stat`.
   * @throws ParleyError `connector.source_unstable` while it is being written, `connector.source_invalid` for a
   * header that does not fit, `connector.object_not_found`, `connector.denied`, `connector.no_space`.
   */
  current(signal?: AbortSignal): Promise<Snapshot> {
    const looked = this.#pending
      .then(() => this.#look(signal))
      .catch((error: unknown) => {
        throw asRefusal(error, this.#settings.place.object, 'read');
      });
    this.#pending = looked.catch(() => undefined);
    return looked;
  }

  /** An earlier state with its copy, or null when it is not kept any more. */
  async find(digest: string): Promise<Snapshot | null> {
    if (this.#latest?.digest === digest && (await isThere(this.#latest.path))) return this.#latest;
    const index = await this.index(digest);
    const path = this.copyPath(digest);
    if (index === null || !(await isThere(path))) return null;
    return { digest, index, path, stamp: { text: '', changedAtMs: 0, seenAtMs: 0 } };
  }

  /** The index of an earlier state, or null when it is not kept any more. */
  async index(digest: string): Promise<KeyIndex | null> {
    const known = this.#indexes.get(digest);
    if (known !== undefined) return known;
    const packed = await readFile(this.#indexPath(digest)).catch(absentAsNull);
    const index = packed === null ? null : unpackIndex(packed);
    if (index !== null) this.#remember(digest, index);
    return index;
  }

  /** Copies and indexes another file as if it were this one: what was found under a name that we replaced. */
  async adopt(place: Place, signal?: AbortSignal): Promise<Snapshot> {
    const into = await this.#newFile();
    return this.#take(await takeCopy({ place, into, mayEndOpen: false, signal }), into);
  }

  /** A state that turned out damaged is dropped, so that the next look takes it anew. */
  async drop(digest: string): Promise<void> {
    this.#latest = null;
    this.#indexes.delete(digest);
    await Promise.all([rm(this.copyPath(digest), { force: true }), rm(this.#indexPath(digest), { force: true })]);
  }

  /** The state that the hub was last told of, with the name of what was carried over to it, or null. */
  async told(): Promise<{ readonly digest: string; readonly carry: string | null; readonly index: KeyIndex } | null> {
    const text = await readFile(this.#toldPath(), 'utf8').catch(absentAsNull);
    if (text === null) return null;
    const [digest = '', carry = ''] = text.split(' ');
    const index = await this.index(digest);
    return index === null ? null : { digest, carry: carry === '' ? null : carry, index };
  }

  /**
   * Notes the state that a cursor names as told, and removes what no cursor can name any more. `inUse` is what the
   * cursor names besides.
   */
  async settle(told: { readonly copy: string; readonly carry: string | null }, inUse: string): Promise<void> {
    await this.#save(this.#toldPath(), Buffer.from(`${told.copy} ${told.carry ?? ''}`.trimEnd()));
    const used = new Set([told.copy, told.carry ?? '', inUse, this.#latest?.digest]);
    const names = await readdir(this.#settings.folder).catch(() => []);
    const found = await Promise.all(
      names.map(async (name) => ({ name, stats: await stat(join(this.#settings.folder, name)).catch(() => null) })),
    );
    const byAge = found
      .filter(({ name, stats }) => stats?.isFile() === true && /^[0-9a-f]{64}\.(index|csv)$/.test(name))
      .sort((a, b) => (b.stats?.mtimeMs ?? 0) - (a.stats?.mtimeMs ?? 0));
    const isPassing = (name: string): boolean =>
      /\.(part|carry)$/.test(name) && !used.has(name.slice(0, -'.carry'.length));
    const stray = found.filter(({ name, stats }) => isPassing(name) && isOld(stats));
    const unused = byAge.filter(({ name }) => !used.has(name.slice(0, 64)));
    const spare = unused.filter(({ name }) => name.endsWith('.index')).slice(indexesKept);
    const copies = unused.filter(({ name }) => name.endsWith('.csv'));
    for (const { name } of [...spare, ...copies, ...stray])
      await rm(join(this.#settings.folder, name), { force: true });
    for (const digest of this.#indexes.keys()) if (!used.has(digest)) this.#indexes.delete(digest);
  }

  copyPath(digest: string): string {
    return join(this.#settings.folder, `${digest}.csv`);
  }

  async #look(signal: AbortSignal | undefined): Promise<Snapshot> {
    signal?.throwIfAborted();
    const { place } = this.#settings;
    const known = (this.#latest ??= await this.#recall());
    if (known !== null && isSettled(known.stamp)) {
      const now = await stampAt(place.path).catch(() => null);
      if (now?.text === known.stamp.text) return known;
    }
    const into = await this.#newFile();
    const mayEndOpen = known !== null && !known.index.head.endsWithNewline;
    const copy = await takeCopy({ place, into, mayEndOpen, signal });
    this.#latest = await this.#take(copy, into);
    await this.#save(this.#latestPath(), Buffer.from(JSON.stringify({ digest: copy.digest, stamp: copy.stamp })));
    return this.#latest;
  }

  async #take({ digest, stamp }: Copy, taken: string): Promise<Snapshot> {
    const path = this.copyPath(digest);
    try {
      const known = await this.index(digest);
      const index = known ?? (await buildIndex({ ...this.#settings, path: taken }));
      await rename(taken, path);
      if (known === null) {
        await this.#save(this.#indexPath(digest), packIndex(index));
        this.#remember(digest, index);
      }
      return { digest, index, path, stamp };
    } catch (error) {
      await rm(taken, { force: true });
      throw asRefusal(error, this.#settings.place.object, 'read');
    }
  }

  /** What an earlier process knew, so that a restart costs no full read. */
  async #recall(): Promise<Snapshot | null> {
    const text = await readFile(this.#latestPath(), 'utf8').catch(absentAsNull);
    if (text === null) return null;
    try {
      const { digest, stamp } = JSON.parse(text) as { readonly digest: string; readonly stamp: Stamp };
      const found = await this.find(digest);
      return found === null ? null : { ...found, stamp };
    } catch {
      // A torn file says nothing; the look that follows writes it anew.
      return null;
    }
  }

  async #newFile(): Promise<string> {
    await mkdir(this.#settings.folder, { recursive: true, mode: 0o700 });
    return join(this.#settings.folder, `${randomUUID()}.part`);
  }

  async #save(path: string, bytes: Buffer): Promise<void> {
    const part = await this.#newFile();
    const handle = await open(part, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
    await rename(part, path);
  }

  #remember(digest: string, index: KeyIndex): void {
    this.#indexes.set(digest, index);
  }

  #indexPath(digest: string): string {
    return join(this.#settings.folder, `${digest}.index`);
  }

  #toldPath(): string {
    return join(this.#settings.folder, 'told');
  }

  #latestPath(): string {
    return join(this.#settings.folder, 'latest.json');
  }
}

/** A part that a killed process left; one that is being written is younger. */
function isOld(stats: Stats | null): boolean {
  return stats !== null && Date.now() - stats.mtimeMs > partAgeMaxMs;
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(absentAsNull)) !== null;
}

export function absentAsNull(error: unknown): null {
  if (systemCode(error) === 'ENOENT') return null;
  throw error;
}
