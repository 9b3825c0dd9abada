import { readEnvironment } from '../../src/main/environment.js';
import { openRetentionHere } from '../../src/main/retention.js';

// What `parley ledger retain --yes` does, for a test that ends it in the middle.
const [, , folder = '', beforeMs = ''] = process.argv;
const retention = await openRetentionHere(readEnvironment(), folder);
const wish = { beforeMs: Number(beforeMs), by: 'the owner', values: true };
const { pairs } = await retention.retain({ ...wish, progress: (line) => process.stdout.write(`${line}\n`) });
process.stdout.write(`retired ${pairs.length}\n`);
await retention.close();
