import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRetention } from '../../src/db/retention.js';
import type { RetainPorts, RetainResult } from '../../src/engine/retain-ledger.js';
import { verifyExport } from '../../src/engine/verify-export.js';
import { monthMs, RetentionWorld } from './retention-world.js';
import { crm, key } from './world.js';

// SPEC I17: where the beginning of a ledger was retired, what is left still proves what the hub holds, every root that was
// signed is still that of the log, and what every record was at the cut is known.

let opened: RetentionWorld;

const unitAt = async (id: string, asOf: { atMs: number } | { seq: number }) => {
  const { world } = opened;
  const was = await world.engine.recordAsOf({ pair: world.pair, side: crm, key: key(id), asOf });
  return was.units.find(({ unit }) => unit === ('name' as never));
};
const undo = (of: object) =>
  opened.world.engine.requestUndo({ pair: opened.world.pair, by: 'test', note: null, ...of });
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

describe('after two months were retired', () => {
  let result: RetainResult;
  let file: string;
  let cut: number;
  beforeAll(async () => {
    opened = await RetentionWorld.open();
    result = await opened.retain(2);
    [{ file, cut } = { file: '', cut: 0 }] = result.pairs;
  });
  afterAll(() => opened.close());

  test('the file proves itself, and what is left proves what the hub holds', async () => {
    const { world, ports } = opened;
    expect(result.months).toEqual([0, 1].map((ahead) => day(monthMs(ahead)).slice(0, 7)));
    const verified = await world.engine.verifyLedger({ pair: world.pair });
    expect(verified).toMatchObject({ ok: true, problems: [], retired: { cut, file, beforeMs: monthMs(2) } });
    expect(verified.checkpoints.compared).toBeGreaterThanOrEqual(2);
    expect(await opened.file(file)).toMatchObject({ ok: true, problems: [] });
    expect(await ports.files.sha256(file)).toBe(verified.retired?.sha256);
    expect((await world.store.ledger(world.pair, 0, 1))[0]?.entry.seq).toBe(cut);
  });

  test('the file ends at a signed checkpoint at or past the cut, so that it and the present chain', async () => {
    const found = await opened.file(file);
    expect(found.entries).toBeGreaterThanOrEqual(cut);
    expect(found.checkpoints.newest).toMatchObject({ size: found.entries, root: found.root });
  });

  test('the same call again finds nothing to do', async () => {
    expect(await opened.retain(2)).toMatchObject({ months: [], pairs: [] });
  });

  test('a record is what it was at every moment after the cut, with who gave each value', async () => {
    expect(await unitAt('3', { atMs: monthMs(2) })).toMatchObject({ agreed: 'Edith', from: { actor: 'side:crm' } });
    expect(await unitAt('3', { atMs: opened.nowMs })).toMatchObject({ agreed: 'Ida' });
    expect(await unitAt('1', { atMs: opened.nowMs })).toMatchObject({ agreed: 'Ada 1' });
    const shown = await opened.world.engine.explainRecord({ pair: opened.world.pair, side: crm, key: key('1') });
    expect(shown.units[0]?.from).toMatchObject({ side: 'crm', actor: 'side:crm' });
  });

  test.for([
    ['a record as it was', () => unitAt('3', { atMs: monthMs(1) })],
    ['an undo of an entry', () => undo({ entry: 3 })],
    ['an undo of the last change of a record', () => undo({ record: { side: crm, key: key('1'), to: null } })],
    ['an undo of a run', () => undo({ run: 1 })],
  ] as const)('%s of before the cut is answered with the file that has it', async ([, ask]) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'ledger.retired',
      message: expect.stringContaining(`before ${day(monthMs(2))} the history is in ${file}`),
    });
  });

  test.for([
    ['the whole ledger', null],
    ['one record', { side: crm, key: key('3') }],
  ] as const)('an export of %s of what is left proves itself', async ([, record]) => {
    const { world, ports } = opened;
    await world.engine.writeCheckpoint({ pair: world.pair });
    const lines = world.engine.exportLedger({ pair: world.pair, values: true, record });
    const found = await verifyExport(ports, lines, ports.checkpoints?.publicKey ?? null);
    expect(found).toMatchObject({ ok: true, problems: [], from: cut });
    expect(found?.withValues).toBe(found?.entries);
  });
});

describe('in a world that lived through three months', () => {
  afterEach(() => opened.close());

  test('work goes on: edits are delivered, later changes taken back, and months go again', async () => {
    opened = await RetentionWorld.open();
    const { world } = opened;
    await opened.retain(1);
    await opened.edit('1', 'Hedy');
    expect(world.erp.get(key('1'))).toMatchObject({ fields: { title: 'Hedy' } });
    const { plan } = await undo({ record: { side: crm, key: key('1'), to: null } });
    await world.engine.decidePlanPage({ plan, after: null });
    await world.engine.readyPlan({ plan });
    await world.apply(plan);
    expect(world.crm.get(key('1'))).toMatchObject({ fields: { name: 'Ada 1' } });
    opened.enter(3);
    await opened.edit('2', 'Rosalind');
    const [{ file } = { file: '' }] = (await opened.retain(2)).pairs;
    expect(await opened.problems()).toEqual([]);
    const found = await opened.file(file);
    expect(found).toMatchObject({ ok: true, problems: [] });
    expect(found.from).toBeGreaterThan(0);
    expect(await unitAt('1', { atMs: opened.nowMs })).toMatchObject({ agreed: 'Ada 1' });
  });

  test('a record that was erased stays erased: no file has it, nothing is kept of it, and what was kept can be erased', async () => {
    opened = await RetentionWorld.open({ erasureKey: Buffer.alloc(32, 7) });
    const { world } = opened;
    const erase = (id: string) =>
      world.engine.eraseRecord({
        pair: world.pair,
        side: crm,
        key: key(id),
        by: 'test',
        reason: 'asked',
        systems: 'leave',
      });
    await erase('2');
    const [{ file } = { file: '' }] = (await opened.retain(2)).pairs;
    const lines: string[] = [];
    for await (const line of opened.ports.files.read(file)) lines.push(JSON.stringify(line));
    expect(lines.join('\n')).not.toMatch(/Grace|Joan|Ada 2/);
    expect(lines.join('\n')).toContain('Edith');
    expect(await opened.file(file)).toMatchObject({ ok: true });
    await erase('3');
    expect(await opened.problems()).toEqual([]);
    const left = (await world.store.ledger(world.pair, 0, 1_000)).map(({ sealed }) => sealed?.text ?? '');
    expect(left.join('\n')).not.toMatch(/Edith|Ida/);
  });

  test('what is open of before keeps the months and says what it is; so does the month that is under way', async () => {
    opened = await RetentionWorld.open();
    const { world } = opened;
    await expect(opened.retain(3)).rejects.toMatchObject({ message: expect.stringContaining('is not over') });
    world.crm.edit(key('1'), { name: 'North' });
    world.erp.edit(key('1'), { title: 'South' });
    await world.cycle();
    await expect(opened.retain(2)).rejects.toMatchObject({
      code: 'ledger.still_needed',
      message: expect.stringContaining('questions of before are open: 1'),
    });
    expect(await world.store.retirement(world.pair)).toBeNull();
  });

  test('the role of the application is told that only the owner may', async () => {
    opened = await RetentionWorld.open();
    const retention = openRetention(opened.world.appUrl);
    try {
      await expect(opened.retain(2, { ...opened.ports, retention })).rejects.toMatchObject({
        code: 'config.invalid',
        message: expect.stringContaining('only its owner may take months of it away'),
      });
    } finally {
      await retention.close();
    }
  });

  test('ended before or after any step, the ledger is whole and the same call goes on', async () => {
    opened = await RetentionWorld.open();
    for (let step = 1; ; step += 1) {
      const counted = endingAt(opened.ports, step);
      const came = await opened.retain(2, counted.ports).catch((error: unknown) => error);
      if (!counted.isOver()) break;
      expect(came).toMatchObject({ message: 'the process ended' });
      expect(await opened.problems()).toEqual([]);
    }
    expect(await opened.world.store.retirement(opened.world.pair)).not.toBeNull();
    const entries = await opened.world.store.ledger(opened.world.pair, 0, 1_000);
    const kept = entries.filter(({ entry }) => entry.kind === 'kept').map(({ entry }) => entry.entity);
    expect(kept).toEqual([...new Set(kept)]);
    expect(entries.filter(({ entry }) => entry.rule === 'retained')).toHaveLength(1);
    expect(await opened.file((await opened.world.store.retirement(opened.world.pair))?.file ?? '')).toMatchObject({
      ok: true,
    });
  });

  test.for<[string, string, string]>([
    [
      'an entry that keeps a record',
      `update ledger set rule = 'forged' where kind = 'kept' and entity = 1`,
      'the row was changed',
    ],
    [
      'the values that were kept',
      `delete from ledger_payloads where seq = (select max(seq) from ledger where kind = 'kept')`,
      'the values of this entry are gone',
    ],
    [
      'leaves',
      `update retired_leaves set leaves = overlay(leaves placing '\\x00' from 5)`,
      'not those that were signed',
    ],
    ['leaves that are gone', `delete from retired_leaves`, 'leaves of retired entries are missing'],
    ['the place of the cut', `update ledger_retirements set cut = cut - 1`, 'does not follow'],
  ])('%s that somebody changed afterwards is found', async ([, statement, what]) => {
    opened = await RetentionWorld.open();
    await opened.retain(2);
    await opened.world.asOwner(async (sql) => {
      for (const table of ['ledger', 'ledger_payloads', 'retired_leaves', 'ledger_retirements'])
        await sql.unsafe(`alter table ${table} disable trigger all`);
      await sql.unsafe(statement);
    });
    expect((await opened.problems()).join('\n')).toContain(what);
  });
});

/** Ports of which the step with a number is the last: what was committed before stays, as after SIGKILL. */
function endingAt(ports: RetainPorts, step: number): { ports: RetainPorts; isOver: () => boolean } {
  let done = 0;
  const ended = (): never => {
    throw new Error('the process ended');
  };
  const next = (): void => {
    done += 1;
    if (done >= step) ended();
  };
  const steps = <Port extends object>(port: Port, names: readonly (keyof Port)[]): Port => {
    const counted = { ...port };
    for (const name of names) {
      const method = port[name] as (...args: unknown[]) => Promise<unknown>;
      const wrapped = async (...args: unknown[]): Promise<unknown> => {
        next();
        const answer = await method(...args);
        next();
        return answer;
      };
      Object.assign(counted, { [name]: wrapped });
    }
    return counted;
  };
  return {
    isOver: () => done >= step,
    ports: {
      ...ports,
      store: steps(ports.store, ['transact']),
      files: steps(ports.files, ['write', 'sha256']),
      retention: steps(ports.retention, ['before', 'retire']),
    },
  };
}
