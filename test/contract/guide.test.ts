import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileConfig } from '../../src/contract/config/load.js';
import { wholePairs } from './guide-pairs.js';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guide', 'policies.md'), 'utf8');
const connections = `crm: { connector: postgres, url: env:CRM_URL }\nerp: { connector: postgres, url: env:ERP_URL }\n`;

test('every whole pair that the guide about policies shows is accepted as it stands', () => {
  const pairs = wholePairs(text);
  expect(pairs.size).toBeGreaterThan(0);
  for (const [name, pair] of pairs) {
    const { problems } = compileConfig('/', [
      { file: 'connections.yaml', text: connections },
      { file: `pairs/${name}.yaml`, text: pair },
    ]);
    expect(problems.map((problem) => ({ name, ...problem }))).toEqual([]);
  }
});
