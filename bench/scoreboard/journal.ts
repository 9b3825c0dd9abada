import type { Application, Arena, Field, Row, Site } from './arena.js';

/** What one person did, written down when the application had accepted it. */
type Note = {
  readonly site: Site;
  readonly id: string;
  readonly field: Field;
  readonly value: string | null;
};

/** The writers' own record of what they did: the truth that both tables are held against. */
export class Journal {
  readonly #notes: Note[] = [];
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Every record of the list gets the value that the function gives it, in one transaction. */
  async edit(site: Site, ids: readonly string[], field: Field, value: (id: string) => string): Promise<void> {
    await this.#application(site).edit(ids.map((id) => ({ id, set: { [field]: value(id) } })));
    this.#note(site, ids, field, value);
  }

  /** The same with the application's own stamp, as most applications write one. */
  async editStamped(
    site: Site,
    ids: readonly string[],
    { field, value, stamp }: { field: Field; value: (id: string) => string; stamp: string },
  ): Promise<void> {
    await this.#application(site).edit(ids.map((id) => ({ id, set: { [field]: value(id), updated_at: stamp } })));
    this.#note(site, ids, field, value);
  }

  async insert(site: Site, rows: readonly Row[]): Promise<void> {
    await this.#application(site).insert(rows);
    for (const row of rows) {
      for (const [field, value] of Object.entries(row)) {
        if (field !== 'id' && value !== null) this.#notes.push({ site, id: row.id, field: field as Field, value });
      }
    }
  }

  /** What the last writer of each record and field wrote, whichever site that was. */
  last(): readonly Note[] {
    const last = new Map<string, Note>();
    for (const note of this.#notes) last.set(`${note.id} ${note.field}`, note);
    return [...last.values()];
  }

  /** What the last writer of each record and field wrote on one site. */
  lastOn(site: Site): readonly Note[] {
    const last = new Map<string, Note>();
    for (const note of this.#notes) if (note.site === site) last.set(`${note.id} ${note.field}`, note);
    return [...last.values()];
  }

  #application(site: Site): Application {
    return site === 'a' ? this.#arena.a : this.#arena.b;
  }

  #note(site: Site, ids: readonly string[], field: Field, value: (id: string) => string): void {
    for (const id of ids) this.#notes.push({ site, id, field, value: value(id) });
  }
}
