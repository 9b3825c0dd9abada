import { pairId } from '../src/core/ids.js';
import type { RecordFilter } from '../src/engine/read-model.js';
import { median, type Measurement } from './report.js';
import { openHub, openStage } from './stage.js';

const pair = pairId('many');
const recordsDefault = 500_000;
const limit = 50;
const times = 9;

/** What a person may ask of a long list: seldom and often, spread and all at the end of the keys. */
const questions: readonly { readonly name: string; readonly filter: RecordFilter }[] = [
  { name: 'by standing, one in 1,000', filter: { standing: 'asked', keyPrefix: null } },
  { name: 'by key', filter: { standing: null, keyPrefix: 'k1' } },
  { name: 'by key and standing, all of them', filter: { standing: 'agreed', keyPrefix: 'k' } },
  { name: 'by key and standing, half of them', filter: { standing: 'one_sided', keyPrefix: 'k' } },
  { name: 'by key and standing, one in 1,000', filter: { standing: 'asked', keyPrefix: 'k' } },
  { name: 'by key and standing, the last ten', filter: { standing: 'held', keyPrefix: 'k' } },
  { name: 'by key and standing, none', filter: { standing: 'refused', keyPrefix: 'k' } },
  { name: 'by key and standing, none with that key', filter: { standing: 'one_sided', keyPrefix: 'k0' } },
];

/** Lists of records at length: the first page of each question, at best and in the middle of nine. */
export const recordList: Measurement = {
  name: 'record-list',
  about: 'the first page of `parley record list` by key and standing, of 500,000 records',
  async run({ say, args }) {
    const records = Number(args[0] ?? recordsDefault);
    const stage = await openStage();
    const hub = await openHub(stage, { configFolder: stage.folder, variables: {} });
    try {
      say(`making ${records} records`);
      await fill(hub.sql, records);
      const figures = [];
      for (const { name, filter } of questions) {
        const ms: number[] = [];
        for (let time = 0; time < times; time += 1) {
          const from = performance.now();
          await hub.store.readModel.records(pair, filter, { after: null, limit });
          ms.push(performance.now() - from);
        }
        figures.push({ name, value: median(ms), unit: 'ms', limit: { most: 200 } });
      }
      return { what: `the first ${limit} of ${records} records of two sides, as the API lists them`, figures };
    } finally {
      await hub.close();
      await stage.close();
    }
  },
};

/** The second half of the entities has a record on one side only; keys are those of a system that numbers its records. */
async function fill(sql: Awaited<ReturnType<typeof openHub>>['sql'], records: number): Promise<void> {
  await sql`
    insert into record_states (pair, id, state, standing, tick, changed_at)
    select ${pair}, id, repeat('x', 300),
      case when id > ${records}::int - 10 then 'held' when id % 1000 = 7 then 'asked'
        when id > ${records}::int / 2 then 'one_sided' else 'agreed' end, 1, now()
    from generate_series(1, ${records}::int) as id`;
  await sql`
    insert into record_links (pair, side, key, entity)
    select ${pair}, side, 'k' || lpad(id::text, 7, '0'), id
    from generate_series(1, ${records}::int) as id, (values ('crm'), ('erp')) as sides (side)
    where side = 'crm' or id <= ${records}::int / 2`;
  await sql`
    insert into standing_counts (pair, standing, records)
    select pair, standing, count(*) from record_states group by pair, standing`;
  await sql`analyze`;
}
