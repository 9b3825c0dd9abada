import { describe, expect, test } from 'vitest';
import { compileConfig } from '../../src/contract/config/load.js';
import { placesOf, soundConnections, soundPair, unmarked } from './broken-file.js';
import { brokenLanguage } from './broken-language.js';
import { brokenMatch } from './broken-match.js';
import { brokenMeaning } from './broken-meaning.js';
import { brokenPolicies } from './broken-policies.js';
import { brokenSegments } from './broken-segments.js';

const check = (text: string) =>
  compileConfig('/configuration', [
    { file: 'connections.yaml', text: soundConnections },
    { file: 'pairs/suppliers.yaml', text },
  ]);

test('the pair that every broken file is made from has no problem', () => {
  expect(check(soundPair).problems).toEqual([]);
});

describe('a broken pair file is reported at the exact place', () => {
  const broken = [...brokenLanguage, ...brokenMatch, ...brokenMeaning, ...brokenPolicies, ...brokenSegments];
  test.for(broken.map((one) => [one.name, one] as const))('%s', ([, given]) => {
    const { text, expected } = unmarked(given, soundPair);
    const { problems, pairs } = check(text);
    expect(placesOf(problems)).toEqual(expected);
    if (given.hint !== undefined) expect(problems[0]?.hint).toContain(given.hint);
    expect(pairs).toHaveLength(problems.some((problem) => problem.severity === 'error') ? 0 : 1);
  });
});
