import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildIndex } from '../../src/connectors/csv/build-index.js';
import { compose } from '../../src/connectors/csv/compose.js';
import { decide } from '../../src/connectors/csv/decide.js';
import { decode, type Dialect, encode, type Encoding, encodings } from '../../src/connectors/csv/dialect.js';
import type { NativeFields, NativeWrite } from '../../src/engine/connector.js';
import { recordKey } from '../../src/core/ids.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-csv-bytes-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A cell as somebody else's program spelled it. */
type Cell = { readonly text: string; readonly isQuoted: boolean };
type ModelRow = { readonly cells: readonly Cell[]; readonly ending: string };

const quotedForm = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const needsQuotes = (text: string): boolean => /[",\r\n]/.test(text);
const spelled = ({ text, isQuoted }: Cell): string => (isQuoted || needsQuotes(text) ? quotedForm(text) : text);

const names = ['id', 'name', 'note', 'amount'];
const mapped = ['name', 'amount'];

// Every character is in windows-1252 too, so that one model does for all encodings.
const text = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', ' ', '=1+1', '0'), maxLength: 5 });
const cell = fc.record({ text, isQuoted: fc.boolean() });
const world = fc
  .record({
    encoding: fc.constantFrom<Encoding>(...encodings),
    hasMark: fc.boolean(),
    lineEnding: fc.constantFrom('\n', '\r\n'),
    endsWithNewline: fc.boolean(),
    keys: fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,3}$/), { minLength: 1, maxLength: 8 }),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      rows: fc.tuple(
        ...shape.keys.map((key) =>
          fc.record({
            cells: fc.tuple(fc.record({ text: fc.constant(key), isQuoted: fc.boolean() }), cell, cell, cell),
            ending: fc.constantFrom(shape.lineEnding, shape.lineEnding, '\r\n', '\n'),
          }),
        ),
      ),
      updates: fc.array(
        fc.record({ key: fc.constantFrom(...shape.keys), fields: fc.dictionary(fc.constantFrom(...mapped), text) }),
        { maxLength: 4 },
      ),
      deletes: fc.subarray(shape.keys, { maxLength: Math.min(2, shape.keys.length) }),
      creates: fc.uniqueArray(fc.stringMatching(/^[A-Z]{2}$/), { maxLength: 2 }),
      created: text,
    }),
  );

function write(kind: NativeWrite['kind'], key: string, fields: NativeFields): NativeWrite {
  return { kind, key: recordKey(key), fields, expect: {}, token: null, idempotencyKey: key };
}

test('whatever a batch changes, every other byte of the file stays', async () => {
  let changes = 0;
  await fc.assert(
    fc.asyncProperty(world, async ({ shape, rows, updates, deletes, creates, created }) => {
      const { encoding } = shape;
      const body = rows.map(({ cells, ending }, at) => {
        const isLast = at === rows.length - 1;
        return { cells, ending: isLast && !shape.endsWithNewline ? '' : ending };
      });
      const mark = shape.hasMark && encoding !== 'windows-1252' ? '\ufeff' : '';
      const before = `${mark}${names.join(',')}${shape.lineEnding}${body.map(rowText).join('')}`;
      const path = join(folder, 'before.csv');
      await writeFile(path, encode(before, encoding) ?? Buffer.alloc(0));

      const writes = [
        ...updates.map(({ key, fields }) => write('update', key, fields)),
        ...deletes.map((key) => write('delete', key, {})),
        ...creates.map((key) => write('create', key, { id: key, name: created })),
      ];
      const after = await applied(path, encoding, writes);
      const kept = new Set(deletes);
      const wanted = new Map(body.map(({ cells }) => [cells[0]?.text, new Map<string, string>()]));
      for (const { key, fields } of updates) {
        for (const [name, value] of Object.entries(fields)) wanted.get(key)?.set(name, value);
      }
      let at = expectAt(after, 0, `${mark}${names.join(',')}`);
      const rest = body.filter(({ cells }) => !kept.has(cells[0]?.text ?? ''));
      // The line ending of a row is what stands behind it; the last row has one exactly when the file ended with one.
      const endings = [shape.lineEnding, ...rest.map(({ ending }) => ending)];
      for (const [row, { cells }] of rest.entries()) {
        at = expectAt(after, at, endings[row] || shape.lineEnding);
        for (const [column, one] of cells.entries()) {
          if (column > 0) at = expectAt(after, at, ',');
          const changed = wanted.get(cells[0]?.text)?.get(names[column] ?? '');
          const isSame = changed === undefined || changed === one.text;
          const forms = isSame ? [spelled(one)] : [quotedForm(changed), ...(needsQuotes(changed) ? [] : [changed])];
          if (!isSame) changes += 1;
          at = expectAt(after, at, ...forms);
        }
      }
      const tail = after.slice(at);
      const last = endings.at(-1) || shape.lineEnding;
      if (creates.length === 0) expect(tail).toBe(shape.endsWithNewline ? last : '');
      else expect(tail.startsWith(last) && tail.endsWith(shape.lineEnding) === shape.endsWithNewline).toBe(true);
      const read = parse(after, { bom: true, record_delimiter: ['\r\n', '\n'] });
      expect(read.slice(rest.length + 1)).toEqual(creates.map((key) => [key, created, '', '']));
    }),
    { numRuns: 150 },
  );
  expect(changes).toBeGreaterThan(100);
});

const rowText = ({ cells, ending }: ModelRow): string => cells.map(spelled).join(',') + ending;

/** The offset behind the form that stands there. */
function expectAt(whole: string, at: number, ...forms: readonly string[]): number {
  const found = forms.find((form) => whole.startsWith(form, at));
  if (found === undefined) expect(whole.slice(at)).toBe(forms[0]);
  return at + (found ?? '').length;
}

/** The text of the file after the batch, by the connector's own steps without their waiting. */
async function applied(path: string, encoding: Encoding, writes: readonly NativeWrite[]): Promise<string> {
  const options = { encoding, delimiter: null };
  const index = await buildIndex({ path, object: 'suppliers.csv', key: ['id'], fields: names, options });
  const snapshot = { digest: '', index, path, stamp: { text: '', changedAtMs: 0, seenAtMs: 0 } };
  const { outcomes, edits } = await decide(snapshot, writes, {
    object: 'suppliers.csv',
    key: ['id'],
    hidden: new Set(),
  });
  expect(outcomes.map(({ kind }) => kind)).toEqual(writes.map(() => 'accepted'));
  const into = await open(join(folder, 'after.csv'), 'w+');
  await compose(path, into, edits, index.head.header?.dialect as Dialect);
  await into.close();
  return decode(await readFile(join(folder, 'after.csv')), encoding);
}
