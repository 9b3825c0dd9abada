import { afterEach, expect, test } from 'vitest';
import { healthOf } from '../../src/api/health-word.js';
import { key, openWorld, worldRules, type World } from './world.js';

let world: World;
afterEach(() => world.close());

const health = async () => healthOf(await world.store.readModel.pairStatus(world.pair), 1);
const title = (id: string) => world.erp.get(key(id))?.fields['title'];

async function edit(id: string, name: string): Promise<void> {
  world.crm.edit(key(id), { name });
  await world.cycle();
}

test('writes beyond the limit of a minute wait, the status says so, and none of them is lost', async () => {
  world = await openWorld({ rules: worldRules({ limits: { writesPerMinute: 4 } }) });
  for (const id of ['1', '2', '3']) world.crm.put({ id, name: `Ada ${id}`, phone: id, street: null, city: null });
  await world.planAndApply();
  await edit('1', 'The fourth');
  expect(title('1')).toBe('The fourth');
  await edit('2', 'The fifth');
  await edit('3', 'The sixth');
  expect([title('2'), title('3')]).toEqual(['Ada 2', 'Ada 3']);
  const { word, reason } = await health();
  expect(word).toBe('Catching up');
  expect(reason).toContain('4 writes a minute are allowed');
  // What waits can still be replaced by something newer.
  await edit('2', 'The fifth, newer');
  await world.asOwner((sql) => sql`update deliveries set sent_at = sent_at - interval '61 seconds'`);
  await world.cycle();
  expect([title('2'), title('3')]).toEqual(['The fifth, newer', 'The sixth']);
  expect((await health()).word).toBe('Healthy');
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});

test('a field that was written as often as an hour allows waits, says so, and goes on by itself when the hour is over', async () => {
  let nowMs = Date.now();
  const rules = worldRules({ limits: { unitWritesPerHour: 2 } });
  world = await openWorld({ rules, clock: () => (nowMs += 1) });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: null, city: null });
  await world.planAndApply();
  await edit('1', 'The second');
  await edit('1', 'The third');
  world.crm.edit(key('1'), { phone: '2' });
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'The second', phone: '2' });
  const status = await world.store.readModel.pairStatus(world.pair);
  expect(status.standings).toMatchObject({ paced: 1, undecided: 0 });
  const shown = await world.engine.explainRecord({ pair: world.pair, side: 'crm' as never, key: key('1') });
  expect(shown.units[0]?.sentences.join(' ')).toContain('erp was written 2 times within an hour');
  nowMs += 3_600_000;
  await world.cycle();
  expect(title('1')).toBe('The third');
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});

test('what another pair writes to the same connection counts for the limit of a minute', async () => {
  const limits = { writesPerMinute: 3 };
  world = await openWorld({ rules: worldRules({ limits }) });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: null, city: null });
  await world.planAndApply();
  await world.asOwner(async (sql) => {
    const other = (connection: string) => worldRules().sides.map((side) => ({ ...side, connection }));
    for (const [pair, connection] of [
      ['orders', 'erp'],
      ['invoices', 'bank'],
    ] as const) {
      const rules = { ...worldRules(), pair, sides: other(connection) };
      await sql`insert into revisions (pair, id, rules, body, connections) values (${pair}, 'r1', ${JSON.stringify(rules)}, '', '{}')`;
      await sql`insert into pairs (pair, mode, revision, latest_revision, epoch, tick, next_entity, linked, cursors, ledger_size,
          ledger_peaks, next_run, next_delivery, waiting)
        values (${pair}, 'active', 'r1', 'r1', 1, 0, 1, 0, '{}', 0, '{}', 1, 1, false)`;
      await sql`insert into deliveries (pair, id, side, state, attempt, items_count, run, tick, items, entities, span, created_at, sent_at)
        values (${pair}, 1, 'erp', 'done', 1, 2, 1, 1, '[]', '{}', 'empty', now(), now())`;
    }
  });
  await edit('1', 'The fourth');
  expect(title('1')).toBe('Ada');
  expect((await health()).reason).toContain('with those of 1 other pair of the connection');
  await world.asOwner(
    (sql) => sql`update deliveries set sent_at = sent_at - interval '61 seconds' where pair = 'orders'`,
  );
  await world.cycle();
  expect(title('1')).toBe('The fourth');
});
