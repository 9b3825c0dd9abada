import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerArchive } from '../../src/checkpoints/archive.js';
import { checkpointFolder } from '../../src/checkpoints/folder.js';
import { newSigningKey, openNote, signerOf, verifierOf } from '../../src/checkpoints/note.js';
import { openRetention } from '../../src/db/retention.js';
import { planRetention, type RetentionPlan } from '../../src/engine/plan-retention.js';
import { retainLedger, type RetainPorts, type RetainResult } from '../../src/engine/retain-ledger.js';
import { verifyExport, type ExportVerification } from '../../src/engine/verify-export.js';
import { hasher } from '../../src/main/hasher.js';
import { key, openWorld, worldRules, type World, type WorldOptions } from './world.js';

const dayMs = 86_400_000;
const real = new Date();

/** The beginning of the month that is so many after this one. */
export const monthMs = (ahead: number): number => Date.UTC(real.getUTCFullYear(), real.getUTCMonth() + ahead, 1);

/**
 * A world that lived through three months, which are this one and the next two: Postgres has their partitions, as it always has of
 * months to come. Of record 1 and 2 something happened in the first, of 2 and 3 in the second, of 3 in the third.
 */
export class RetentionWorld {
  readonly #folder: string;
  #nowMs = monthMs(0) + 2 * dayMs;
  world!: World;
  ports!: RetainPorts;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(options: Partial<WorldOptions> = {}): Promise<RetentionWorld> {
    const opened = new RetentionWorld(await mkdtemp(join(tmpdir(), 'parley-retention-')));
    const signer = signerOf(newSigningKey());
    const checkpoints = checkpointFolder({ folder: opened.#folder, signer, verifiers: [] });
    opened.world = await openWorld({ rules: worldRules(), checkpoints, clock: () => opened.#nowMs++, ...options });
    const { store, ownerUrl } = opened.world;
    opened.ports = {
      store,
      hasher,
      checkpoints,
      retention: openRetention(ownerUrl),
      archive: ledgerArchive(opened.#folder),
      openNote: (note, publicKey) => openNote(note, publicKey === null ? [] : [verifierOf(publicKey)]),
    };
    await opened.#live();
    return opened;
  }

  async #live(): Promise<void> {
    const { world } = this;
    for (const id of ['1', '2', '3'])
      world.crm.put({ id, name: `Ada ${id}`, phone: id, street: 'High St', city: 'Bath' });
    await world.planAndApply();
    await this.edit('2', 'Grace');
    await world.engine.writeCheckpoint({ pair: world.pair });
    this.enter(1);
    await this.edit('2', 'Joan');
    await this.edit('3', 'Edith');
    await world.engine.writeCheckpoint({ pair: world.pair });
    this.enter(2);
    await this.edit('3', 'Ida');
  }

  /** The hub's clock goes on to the tenth of a month. */
  enter(ahead: number): void {
    this.#nowMs = monthMs(ahead) + 10 * dayMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  async edit(id: string, name: string): Promise<void> {
    this.world.crm.edit(key(id), { name });
    await this.world.cycle();
    await this.world.cycle();
  }

  plan(ahead: number): Promise<RetentionPlan> {
    return planRetention(this.ports, monthMs(ahead));
  }

  retain(ahead: number, ports: RetainPorts = this.ports): Promise<RetainResult> {
    return retainLedger(ports, { beforeMs: monthMs(ahead), by: 'the owner', values: true });
  }

  /** A file verified by itself, with the key that we know to be ours. */
  async file(name: string): Promise<ExportVerification> {
    const trusted = this.ports.checkpoints?.publicKey ?? null;
    return (await verifyExport(this.ports, this.ports.archive.read(name), trusted)) as ExportVerification;
  }

  async problems(): Promise<readonly string[]> {
    const { problems } = await this.world.engine.verifyLedger({ pair: this.world.pair });
    return problems.map(({ what }) => what);
  }

  async close(): Promise<void> {
    await this.ports.retention.close();
    await this.world.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
