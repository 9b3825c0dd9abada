import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerFiles } from '../../src/checkpoints/ledger-files.js';
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
 * A world that lived through three months. Unless told otherwise they are this one and the next two: Postgres has their partitions,
 * as it always has of months to come. For months of the past the owner makes them. Of record 1 and 2 something happened in the first, of 2 and 3 in the second, of 3 in the third.
 */
export class RetentionWorld {
  readonly folder: string;
  readonly #first: number;
  #nowMs: number;
  /** What a process is told to find all of it. */
  variables: { readonly [name: string]: string } = {};
  world!: World;
  ports!: RetainPorts;

  private constructor(folder: string, first: number) {
    this.folder = folder;
    this.#first = first;
    this.#nowMs = monthMs(first) + 2 * dayMs;
  }

  static async open(options: Partial<WorldOptions> = {}, first = 0): Promise<RetentionWorld> {
    const opened = new RetentionWorld(await mkdtemp(join(tmpdir(), 'parley-retention-')), first);
    const secret = newSigningKey();
    const checkpoints = checkpointFolder({ folder: opened.folder, signer: signerOf(secret), verifiers: [] });
    opened.world = await openWorld({ rules: worldRules(), checkpoints, clock: () => opened.#nowMs++, ...options });
    const { store, appUrl, ownerUrl } = opened.world;
    opened.variables = {
      DATABASE_URL: appUrl,
      DATABASE_OWNER_URL: ownerUrl,
      PARLEY_WRAPPING_KEY: Buffer.alloc(32, 9).toString('base64'),
      PARLEY_CHECKPOINTS: opened.folder,
      PARLEY_CHECKPOINT_KEY: secret,
      PARLEY_LOG: 'silent',
    };
    opened.ports = {
      store,
      hasher,
      checkpoints,
      retention: openRetention(ownerUrl),
      files: ledgerFiles(opened.folder),
      openNote: (note, publicKey) => openNote(note, publicKey === null ? [] : [verifierOf(publicKey)]),
    };
    await opened.#makePastMonths();
    await opened.#live();
    return opened;
  }

  async #makePastMonths(): Promise<void> {
    await this.world.asOwner(async (sql) => {
      for (let month = this.#first; month < 0; month += 1)
        for (const table of ['ledger', 'ledger_payloads']) {
          const [from, to] = [month, month + 1].map((ahead) => new Date(monthMs(ahead)).toISOString());
          const name = `${table}_${from?.slice(0, 7).replace('-', '_')}`;
          await sql.unsafe(`create table ${name} partition of ${table} for values from ('${from}') to ('${to}')`);
        }
    });
  }

  async #live(): Promise<void> {
    const { world } = this;
    for (const id of ['1', '2', '3'])
      world.crm.put({ id, name: `Ada ${id}`, phone: id, street: 'High St', city: 'Bath' });
    await world.planAndApply();
    await this.edit('2', 'Grace');
    await world.engine.writeCheckpoint({ pair: world.pair });
    this.enter(this.#first + 1);
    await this.edit('2', 'Joan');
    await this.edit('3', 'Edith');
    await world.engine.writeCheckpoint({ pair: world.pair });
    this.enter(this.#first + 2);
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
    return (await verifyExport(this.ports, this.ports.files.read(name), trusted)) as ExportVerification;
  }

  async problems(): Promise<readonly string[]> {
    const { problems } = await this.world.engine.verifyLedger({ pair: this.world.pair });
    return problems.map(({ what }) => what);
  }

  async close(): Promise<void> {
    await this.ports.retention.close();
    await this.world.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
