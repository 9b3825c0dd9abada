import { openCsv } from '../../src/connectors/csv/connector.js';
import { ParleyError } from '../../src/core/errors.js';
import { recordKey } from '../../src/core/ids.js';
import type { ConnectorSettings, NativeWrite, WriteOutcome } from '../../src/engine/connector.js';

/** A process that writes a CSV file: once, or on and on until it is killed. Settings come by the environment. */
const settings = JSON.parse(process.env['PARLEY_TEST_SETTINGS'] ?? '') as ConnectorSettings;
const keys = (process.env['PARLEY_TEST_KEYS'] ?? '1').split(',').map(recordKey);

function batch(version: number): readonly NativeWrite[] {
  const fields = { name: `version ${version}` };
  return keys.map((key) => ({ kind: 'update', key, fields, expect: {}, token: null, idempotencyKey: `${version}` }));
}

async function main(): Promise<void> {
  const connector = await openCsv(settings);
  if (process.argv[2] === 'once') {
    process.stdout.write(`${JSON.stringify(await connector.write(batch(1)))}\n`);
    return;
  }
  for (let version = 1; ; version += 1) {
    const outcomes: readonly WriteOutcome[] = await connector.write(batch(version));
    process.stdout.write(`${outcomes.every(({ kind }) => kind === 'accepted') ? version : 'refused'}\n`);
  }
}

try {
  await main();
} catch (error) {
  process.stdout.write(
    `${JSON.stringify(error instanceof ParleyError ? { code: error.code, message: error.message } : String(error))}\n`,
  );
}
