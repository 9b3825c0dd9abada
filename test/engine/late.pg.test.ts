import { afterEach, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordKey, sideName } from '../../src/core/ids.js';
import { JsonApi, type ApiEffect, type ApiFault } from '../connectors/json-api.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I1, I2, I10: a request to an API without versions that was given up is carried out later, on a real table and over real HTTP.

let world: TablesWorld;
let api: JsonApi;
afterEach(async () => {
  await world.close();
  await api.close();
});

const pair = `pair: people
owner: data
systems:
  crm: { object: crm/crm.people, key: id }
  erp: { object: erp/people, key: id }
match: [ crm.id = erp.id ]
masters:
  either: { phone: { crm: phone, erp: phone } }
creates: { crm: copy, erp: copy }
limits: { late: 12s }
`;

test('another value waits for a request that was given up, and stands after it was carried out', async () => {
  const [faults, effects]: [ApiFault[], ApiEffect[]] = [[], []];
  let carryOut = (): void => undefined;
  const carriedOut = new Promise<void>((resolve) => (carryOut = resolve));
  api = new JsonApi({
    key: ['id'],
    fields: ['id', 'phone'],
    tokens: { '': 'parley' },
    compares: false,
    lateUntil: carriedOut,
    onEffect: (effect) => effects.push(effect),
    fault: (_by, method) => (method === 'PATCH' ? (faults.shift() ?? null) : null),
  });
  const tables = 'create table crm.people (id text primary key, phone text);';
  world = await openTables({ pairs: { people: pair }, tables, api: await api.listen() });
  const { sql } = world;
  await sql`insert into crm.people values ('1', 'x')`;
  api.put({ id: '1', phone: 'x' });
  await world.planAndApply('people');
  await world.cycle('people');

  faults.push('late');
  await sql`update crm.people set phone = 'y'`;
  await world.cycle('people');
  await sql`update crm.people set phone = 'z'`;
  await world.cycle('people');
  const { pair: id } = world.rules('people');
  const explain = (): Promise<string> =>
    world.engine
      .explainRecord({ pair: id, side: sideName('crm'), key: recordKey('1') })
      .then(({ units }) => units.flatMap(({ sentences }) => sentences).join(' '));
  expect(await explain()).toContain('erp may still make an earlier write of this field that was given up');
  // The same value was sent a second time at once, which does no harm.
  const written = (): readonly unknown[] => effects.map(({ after }) => after['phone']);
  expect(written()).toEqual(['y']);
  carryOut();

  const end = Date.now() + 60_000;
  while (api.rows.get(recordKey('1'))?.fields['phone'] !== 'z' && Date.now() < end) {
    await world.cycle('people');
    await sleep(100);
  }
  expect(written()).toEqual(['y', 'y', 'z']);
  expect(await sql`select phone from crm.people`).toMatchObject([{ phone: 'z' }]);
  await world.cycle('people');
  expect(await explain()).not.toContain('given up');
  const open = { pair: id, state: 'open', kind: null, unit: null, shape: null } as const;
  expect((await world.store.readModel.conflicts(open, { after: null, limit: 9 })).rows).toEqual([]);
  expect(await world.engine.verifyLedger({ pair: id })).toMatchObject({ ok: true, problems: [] });
});
