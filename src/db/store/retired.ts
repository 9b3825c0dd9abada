import type { PairId } from '../../core/ids.js';
import type { Retirement } from '../../engine/ledger-store.js';
import type { Rows, Sql } from '../client.js';

type RawRetirement = {
  cut: number;
  before_ms: number;
  kept_from: number;
  kept_to: number;
  file: string;
  sha256: string;
};

/** The newest one. */
export function selectRetirement(sql: Sql, pair: PairId): Rows<RawRetirement> {
  return sql`
    select cut, (extract(epoch from before) * 1000)::bigint as before_ms, kept_from, kept_to, file, sha256
    from ledger_retirements where pair = ${pair} order by cut desc limit 1`;
}

export function retirementOf(raw: RawRetirement): Retirement {
  const { cut, before_ms: beforeMs, kept_from: keptFrom, kept_to: keptTo, file, sha256 } = raw;
  return { cut, beforeMs, keptFrom, keptTo, file, sha256 };
}

/** Leaves of a block, one behind the other. */
export const leavesPerBlock = 1_024;
const leafHexLength = 64;

type RawBlock = { first: number; leaves: string };

/** Blocks of leaves that were retired, from the one that holds a position on. */
export function selectRetiredLeaves(
  sql: Sql,
  { pair, from, limit }: { readonly pair: PairId; readonly from: number; readonly limit: number },
): Rows<RawBlock> {
  return sql`
    select first, encode(leaves, 'hex') as leaves from retired_leaves
    where pair = ${pair} and first > ${from - leavesPerBlock} and first < ${from + limit} order by first`;
}

/** The leaves that follow one another from a position on, as the blocks hold them. */
export function leavesIn(blocks: readonly RawBlock[], from: number, limit: number): readonly string[] {
  const leaves: string[] = [];
  for (const { first, leaves: hex } of blocks) {
    const end = first + hex.length / leafHexLength;
    const next = from + leaves.length;
    if (first > next) break;
    for (let at = next; at < end && leaves.length < limit; at += 1)
      leaves.push(hex.slice((at - first) * leafHexLength, (at - first + 1) * leafHexLength));
  }
  return leaves;
}
