import type { PairId } from '../../src/core/ids.js';

const urlOfC = (pair: PairId): string => `C_${pair.toUpperCase()}_URL`;

export const connectionsFile = (pairs: readonly PairId[]): string => `a: { connector: postgres, url: env:A_URL }
b: { connector: postgres, url: env:B_URL }
${pairs
  .map(
    (pair) =>
      `c_${pair}: { connector: http, url: env:${urlOfC(pair)}, token: env:C_TOKEN, version: _version, creates: idempotent, timeout: 3s }`,
  )
  .join('\n')}
`;

/**
 * Three sides: a decides addresses, a clash about a name is asked, one about a phone goes to b. A deleted record is asked
 * about in every other pair, and deleted elsewhere in the rest.
 */
export const chaosPairFile = (pair: PairId, at: number): string => `pair: ${pair}
about: Three systems that everybody edits while their servers die.
owner: chaos
systems:
  a: { object: a/public.${pair}, key: id }
  b: { object: b/public.${pair}, key: id }
  c: { object: c_${pair}/accounts, key: id }
match: [ a.id = b.id, b.id = c.id, a.id = c.id ]
masters:
  a: { address: { a: address, b: address, c: address, same: exact } }
  either:
    name: { a: name, b: name, c: name, same: exact }
    phone: { a: phone, b: phone, c: phone, same: exact, conflict: { prefer: b } }
creates: { a: copy, b: copy, c: copy }
deletes: ${at % 2 === 0 ? '{ a: delete, b: delete, c: delete }' : '{ a: ask, b: ask, c: ask }'}
run: { every: 1s }
`;
