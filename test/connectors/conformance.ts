import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyOf, type RecordKey, recordKey } from '../../src/core/ids.js';
import type {
  Connector,
  NativeFields,
  NativeRecord,
  NativeWrite,
  ReadPage,
  WriteOutcome,
} from '../../src/engine/connector.js';
import {
  allKeys,
  byBytes,
  type ConformanceHarness,
  type ConformanceWorld,
  create,
  goneSince,
  imageOf,
  nameOf,
  pass,
  remove,
  row,
  rowOfParts,
  rows,
  untilQuiet,
  update,
} from './conformance-steps.js';

// In UTF-8 the emoji sorts after the wide tilde, in UTF-16 before it.
const oddKeys = [
  '007',
  '7',
  'Zoë',
  'a,b',
  'a;b',
  'it\'s "so"',
  'two\nlines',
  'tab\there',
  '\uff5e',
  '😀',
  'ä',
  'back\\slash',
];

/** What every connector must do, whatever stands behind it. */
export function connectorConformance(system: string, harness: ConformanceHarness): void {
  describe(`${system} keeps the connector's promises`, () => {
    let world: ConformanceWorld;
    let connector: Connector;
    const reopen = async (key: readonly string[]): Promise<void> => {
      await world.close();
      world = await harness.open(key);
      connector = await world.make();
    };
    beforeEach(async () => {
      world = await harness.open(['id']);
      connector = await world.make();
    });
    afterEach(async () => {
      await connector.close();
      await world.close();
    });
    const one = async (key: RecordKey): Promise<NativeRecord> => {
      const [record] = await connector.readByKeys([key]);
      if (record === undefined) throw new Error(`no record ${key}`);
      return record;
    };
    const write = async (single: NativeWrite): Promise<WriteOutcome> => {
      const [outcome] = await connector.write([single]);
      if (outcome === undefined) throw new Error('no outcome');
      return outcome;
    };

    describe('reading', () => {
      test('pages cover every record once, and every page can be continued by another connector', async () => {
        await world.seed(rows(23));
        const keys: string[] = [];
        let cursor: string | null = null;
        for (let more = true; more; ) {
          const reader = await world.make();
          const page: ReadPage = await reader.read({ cursor, limit: 5 });
          await reader.close();
          expect(page.records.length).toBeLessThanOrEqual(5);
          keys.push(...page.records.map((record) => record.key));
          ({ cursor, more } = page);
        }
        expect(keys.sort()).toEqual(rows(23).map((fields) => fields.id));
      });

      test('an empty object is a complete pass without records', async () => {
        await world.seed([]);
        const { records, last } = await pass(connector, null);
        expect([records, last.deleted, last.setAside]).toEqual([[], [], []]);
      });

      test('a page read again from the same cursor skips nothing', async () => {
        await world.seed(rows(12));
        const first = await connector.read({ cursor: null, limit: 5 });
        await connector.read({ cursor: first.cursor, limit: 5 });
        const rest = await pass(connector, first.cursor, 5);
        const keys = [...first.records, ...rest.records].map((record) => record.key);
        expect(new Set(keys).size).toBe(12);
      });

      test('when nothing changed, passes are empty', async () => {
        await world.seed(rows(7));
        const { last } = await pass(connector, null);
        const quiet = await untilQuiet(connector, last.cursor);
        expect(quiet.records).toEqual([]);
      });

      test('an edit is in one pass, and then no more', async () => {
        await world.seed(rows(7));
        const first = await pass(connector, null);
        const before = first.records.find((record) => record.key === '00003');
        const settled = await untilQuiet(connector, first.last.cursor);
        await world.edit(recordKey('00003'), { name: 'changed' });
        const after = await pass(connector, settled.cursor);
        expect(after.records.map((record) => [record.key, record.fields['name']])).toEqual([['00003', 'changed']]);
        expect(before?.fields['name']).toBe('name of 00003');
        expect((await untilQuiet(connector, after.last.cursor)).records).toEqual([]);
      });

      test('what changes during a pass is seen in it or in the next one', async () => {
        await world.seed(rows(12));
        const page = await connector.read({ cursor: null, limit: 5 });
        const [early] = page.records;
        const readYet = new Set(page.records.map((record) => record.key));
        const late = rows(12)
          .map((fields) => recordKey(fields.id))
          .find((key) => !readYet.has(key));
        if (early === undefined || late === undefined) throw new Error('the page was not part of the object');
        await world.edit(early.key, { name: 'early' });
        await world.edit(late, { name: 'late' });
        await world.seed([row('99999')]);
        const rest = await pass(connector, page.cursor, 5);
        const next = await pass(connector, rest.last.cursor, 5);
        const seen = new Map(
          [...page.records, ...rest.records, ...next.records].map((record) => [record.key, record.fields['name']]),
        );
        expect([seen.get(early.key), seen.get(late)]).toEqual(['early', 'late']);
        expect(seen.size).toBe(13);
      });

      test('a new record and a removed one are noticed', async () => {
        await world.seed(rows(15));
        const first = await pass(connector, null);
        await world.seed([row('new')]);
        await world.remove(recordKey('00004'));
        const second = await pass(connector, first.last.cursor);
        expect(second.records.map((record) => record.key)).toContain('new');
        expect(await goneSince(connector, second)).toEqual(['00004']);
      });

      test('digits and microseconds arrive as they are stored', async () => {
        const exact = { amount: '12345678901234567890.1234567890', seen_at: '2026-03-04 05:06:07.123456+00' };
        await world.seed([{ ...row('a'), ...exact }]);
        const { records } = await pass(connector, null);
        expect(records[0]?.fields).toMatchObject(exact);
        expect((await one(recordKey('a'))).fields).toMatchObject(exact);
      });

      test('an empty field is told from an empty text where the system can', async () => {
        await world.seed([
          { ...row('a'), name: '' },
          { ...row('b'), name: harness.storesNull ? null : '' },
        ]);
        const names = (await connector.readByKeys(['a', 'b'].map(recordKey))).map((record) => record.fields['name']);
        expect(names.map((value) => value === '')).toEqual([true, !harness.storesNull]);
      });

      test('reading by key answers with those that exist', async () => {
        await world.seed(rows(5));
        const found = await connector.readByKeys(['00004', 'absent', '00001'].map(recordKey));
        expect(found.map((record) => record.key).sort()).toEqual(['00001', '00004']);
        expect(await connector.readByKeys([])).toEqual([]);
      });

      test('the token stays while the record does, and changes with it', async () => {
        await world.seed(rows(2));
        const key = recordKey('00001');
        const before = await one(key);
        expect((await one(key)).token).toBe(before.token);
        await world.edit(recordKey('00000'), { name: 'another record' });
        expect((await one(key)).token).toBe(before.token);
        await world.edit(key, { name: 'changed' });
        const unchanged = before.token !== null && (await one(key)).token === before.token;
        expect(unchanged).toBe(false);
      });
    });

    describe('keys', () => {
      test('keys are listed in the order of their UTF-8 bytes, page by page', async () => {
        await world.seed(oddKeys.map(row));
        const listed = await allKeys(connector, 5);
        expect(listed).toEqual([...oddKeys].sort(byBytes));
      });

      test('odd keys are read, found and written as they are', async () => {
        await world.seed(oddKeys.map(row));
        const { records } = await pass(connector, null, 5);
        expect(records.map((record) => record.key).sort(byBytes)).toEqual([...oddKeys].sort(byBytes));
        const keys = oddKeys.map(recordKey);
        expect((await connector.readByKeys(keys)).length).toBe(oddKeys.length);
        const outcomes = await connector.write(keys.map((key) => update(key, { name: 'done' }, nameOf(key))));
        expect(outcomes.map((outcome) => outcome.kind)).toEqual(keys.map(() => 'accepted'));
        for (const key of keys) expect((await world.rowOf(key))?.['name']).toBe('done');
      });

      test('composite keys are the JSON text of their parts, everywhere', async () => {
        await reopen(['region', 'code']);
        const parts = oddKeys.flatMap((code) => [['north', code] as const, ['north"', code] as const]);
        await world.seed(parts.map(([region, code]) => rowOfParts(region, code)));
        const keys = parts.map((part) => keyOf(part));
        expect(await allKeys(connector, 5)).toEqual([...keys].sort(byBytes));
        const { records } = await pass(connector, null, 5);
        expect(records.map((record) => record.key).sort(byBytes)).toEqual([...keys].sort(byBytes));
        const key = keyOf(['north', '007']);
        expect(await write(update(key, { name: 'x' }, { name: 'name of 007' }))).toMatchObject({ kind: 'accepted' });
        expect((await world.rowOf(key))?.['name']).toBe('x');
        expect((await world.rowOf(keyOf(['north"', '007'])))?.['name']).toBe('name of 007');
        expect(await write(remove(key, { name: 'x' }))).toMatchObject({ kind: 'accepted' });
        expect(await connector.readByKeys([key])).toEqual([]);
      });
    });

    describe('writing', () => {
      test('a create makes the record, and its image is what a later read shows', async () => {
        await world.seed(rows(1));
        const outcome = await write(create('new'));
        expect(outcome.kind).toBe('accepted');
        expect(await world.rowOf(recordKey('new'))).toMatchObject({ name: 'name of new' });
        expect(await one(recordKey('new'))).toEqual(imageOf(outcome));
      });

      test('a create of what exists is stale, answers with the record and changes nothing', async () => {
        await world.seed(rows(2));
        const outcome = await write({ ...create('00001'), fields: { ...row('00001'), name: 'other' } });
        expect(outcome).toMatchObject({ kind: 'stale', record: { key: '00001', fields: { name: 'name of 00001' } } });
        expect((await world.rowOf(recordKey('00001')))?.['name']).toBe('name of 00001');
      });

      test('an update is made while the record holds what is expected, and leaves other fields alone', async () => {
        await world.seed(rows(2));
        const key = recordKey('00001');
        const outcome = await write(
          update(key, { name: 'new', amount: '2.50' }, { name: 'name of 00001', amount: '1.50' }),
        );
        expect(outcome).toMatchObject({ kind: 'accepted', record: { key, fields: { name: 'new', amount: '2.50' } } });
        expect(await world.rowOf(key)).toEqual({ ...row('00001'), name: 'new', amount: '2.50' });
        expect(await one(key)).toEqual(imageOf(outcome));
      });

      test('an update whose expectation fails writes nothing and answers with the record', async () => {
        await world.seed(rows(2));
        const key = recordKey('00001');
        const { token } = await one(key);
        await world.edit(key, { name: 'by somebody else' });
        const outcome = await write({ ...update(key, { name: 'ours' }, { name: 'name of 00001' }), token });
        expect(outcome).toMatchObject({ kind: 'stale', record: { key, fields: { name: 'by somebody else' } } });
        expect((await world.rowOf(key))?.['name']).toBe('by somebody else');
      });

      test('an update or delete of a record that is gone is stale without a record', async () => {
        await world.seed(rows(2));
        await world.remove(recordKey('00001'));
        const key = recordKey('00001');
        const gone = { kind: 'stale', record: null };
        expect(await write(update(key, { name: 'x' }, { name: 'name of 00001' }))).toEqual(gone);
        expect(await write(remove(key, { name: 'name of 00001' }))).toEqual(gone);
        expect(await world.rowOf(key)).toBeNull();
      });

      test('a delete takes the record away, unless it changed', async () => {
        await world.seed(rows(3));
        await world.edit(recordKey('00002'), { name: 'edited' });
        const outcomes = await connector.write(
          ['00001', '00002'].map((id) => remove(recordKey(id), { name: `name of ${id}` })),
        );
        expect(outcomes).toMatchObject([
          { kind: 'accepted', record: null },
          { kind: 'stale', record: { key: '00002' } },
        ]);
        expect(await world.rowOf(recordKey('00001'))).toBeNull();
        expect(await world.rowOf(recordKey('00002'))).not.toBeNull();
      });

      test.runIf(harness.refused !== null)('a refused row holds back nothing but itself', async () => {
        await world.seed(rows(40));
        const refused = new Set(['00007', '00008', '00031']);
        const writes = rows(40).map(({ id }) => {
          const key = recordKey(id);
          return update(key, refused.has(key) ? (harness.refused ?? {}) : { name: 'new' }, nameOf(key));
        });
        const outcomes = await connector.write([...writes, create('new')]);
        expect(outcomes.flatMap(({ kind }, index) => (kind === 'accepted' ? [] : [`${kind} ${index}`]))).toEqual([
          'refused 7',
          'refused 8',
          'refused 31',
        ]);
        expect((await world.rowOf(recordKey('00007')))?.['name']).toBe('name of 00007');
        expect((await world.rowOf(recordKey('00009')))?.['name']).toBe('new');
        expect(await world.rowOf(recordKey('new'))).not.toBeNull();
        const values = Object.values(harness.refused ?? {}).map(String);
        const messages = outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.message : ''));
        expect(values.filter((value) => messages.join(' ').includes(value))).toEqual([]);
      });

      test('one batch holds creates, updates and deletes, and answers in their order', async () => {
        await world.seed(rows(3));
        const writes = [
          remove(recordKey('00000'), { name: 'name of 00000' }),
          create('new'),
          update(recordKey('00001'), { name: 'x' }, { name: 'not so' }),
          update(recordKey('00002'), { amount: '9.99' }, { amount: '1.50' }),
        ];
        const outcomes = await connector.write(writes);
        expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted', 'stale', 'accepted']);
        expect((await allKeys(connector, 10)).length).toBe(3);
        expect(await connector.write([])).toEqual([]);
      });

      test('the same write sent again never happens twice', async () => {
        await world.seed(rows(2));
        const writes = [
          create('new'),
          update(recordKey('00000'), { name: 'x' }, { name: 'name of 00000' }),
          remove(recordKey('00001'), { name: 'name of 00001' }),
        ];
        const first = await connector.write(writes);
        expect(first.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted', 'accepted']);
        const again = await connector.write(writes);
        for (const outcome of again) expect(['accepted', 'stale']).toContain(outcome.kind);
        expect(await allKeys(connector, 10)).toEqual(['00000', 'new']);
      });

      test('digits, microseconds, quotes and empty fields are written exactly', async () => {
        await world.seed(rows(1));
        const fields = {
          name: 'He said "so", {and} \\n\nleft; NULL',
          amount: '0.10000000000000000001',
          seen_at: harness.storesNull ? null : '',
        };
        const { name, amount, seen_at } = row('00000');
        const outcome = await write(update(recordKey('00000'), fields, { name, amount, seen_at } as NativeFields));
        expect(outcome).toMatchObject({ kind: 'accepted', record: { fields } });
        expect(await world.rowOf(recordKey('00000'))).toMatchObject(fields);
      });

      test('a large batch is one batch', async () => {
        const size = harness.largeBatch ?? 2_000;
        await world.seed(rows(size));
        const writes = rows(size).map(({ id }) => update(recordKey(id), { name: 'new' }, nameOf(id)));
        const outcomes = await connector.write(writes);
        expect(outcomes.filter((outcome) => outcome.kind === 'accepted').length).toBe(size);
        expect((await world.rowOf(recordKey(rows(size).at(-1)?.id ?? '')))?.['name']).toBe('new');
      });

      test('our own write comes back in the next pass with the image and token that the write returned', async () => {
        await world.seed(rows(3));
        const { last } = await pass(connector, null);
        const settled = await untilQuiet(connector, last.cursor);
        const outcome = await write(update(recordKey('00001'), { name: 'x' }, { name: 'name of 00001' }));
        const { records } = await pass(connector, settled.cursor);
        expect(records).toEqual([imageOf(outcome)]);
      });
    });

    test('work that was called off before it began is not done', async () => {
      await world.seed(rows(2));
      const signal = AbortSignal.abort();
      await expect(connector.read({ cursor: null, limit: 5, signal })).rejects.toThrow('aborted');
      await expect(connector.listKeys({ after: null, limit: 5, signal })).rejects.toThrow('aborted');
      await expect(connector.readByKeys([recordKey('00001')], signal)).rejects.toThrow('aborted');
      await expect(connector.write([create('new')], signal)).rejects.toThrow('aborted');
      expect(await world.rowOf(recordKey('new'))).toBeNull();
    });

    test('the description names the key and every field', async () => {
      await world.seed(rows(1));
      const description = await connector.describe();
      expect(description.key).toEqual(['id']);
      expect(description.fields.map((field) => field.name).sort()).toEqual(Object.keys(row('a')).sort());
      const again = await world.make();
      expect((await again.describe()).fingerprint).toBe(description.fingerprint);
      await again.close();
    });
  });
}
