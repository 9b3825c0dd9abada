import { expect, test } from 'vitest';
import { temporalAnswers } from '../../src/dev/temporal-health.js';
import { freshDatabase } from './postgres.js';
import { temporalAddress } from './temporal.js';

test('a stack test has a Temporal server and a database', async () => {
  expect(await temporalAnswers(temporalAddress(), 'default', 5_000)).toBe(true);
  expect(await temporalAnswers(temporalAddress(), 'no-such-namespace', 5_000)).toBe(false);
  const database = await freshDatabase();
  expect(database.ownerUrl).toContain(database.name);
  await database.drop();
});
