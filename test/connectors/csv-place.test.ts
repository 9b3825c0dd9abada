import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCsv } from '../../src/connectors/csv/connector.js';
import { pass } from './conformance-steps.js';
import { type CsvWorld, csvWorld } from './csv-world.js';

let world: CsvWorld;
beforeEach(async () => {
  world = await csvWorld(['id'], 'id,name\n1,a\n');
});
afterEach(() => world.close());

describe('where files may stand', () => {
  test.for(['../suppliers.csv', '/etc/passwd', 'a/../../b.csv', '', '.', 'a//b.csv', 'a\\..\\b.csv', 'a\0b'])(
    'an object does not leave its folder: %j',
    async (object) => {
      await expect(openCsv({ ...world.settings, object })).rejects.toMatchObject({ code: 'config.invalid' });
    },
  );

  test('a link inside the folder is followed, and one that leads out is refused', async () => {
    const { folder } = world;
    await mkdir(join(folder, 'inner'));
    await symlink(world.path, join(folder, 'inner', 'linked.csv'));
    const inner = await openCsv({ ...world.settings, object: 'inner/linked.csv' });
    expect((await pass(inner, null)).records.length).toBe(1);
    const narrow = { ...world.settings, options: { folder: join(folder, 'inner') }, object: 'linked.csv' };
    const out = await openCsv(narrow);
    await expect(out.read({ cursor: null, limit: 5 })).rejects.toMatchObject({ code: 'connector.denied' });
    await expect(out.describe()).rejects.toMatchObject({ code: 'connector.denied' });
  });

  test('a folder in the place of the file is refused', async () => {
    await mkdir(join(world.folder, 'sub'));
    const sub = await openCsv({ ...world.settings, object: 'sub' });
    await expect(sub.read({ cursor: null, limit: 5 })).rejects.toMatchObject({ code: 'connector.source_invalid' });
  });
});
