import type { PairId } from '../src/core/ids.js';
import type { Engine } from '../src/engine/engine.js';
import type { VerifyPairResult } from './contract.js';

/** The full comparison. What it found stays in Postgres; a history gets the counts. */
export async function verifyPair(engine: Engine, { pair }: { readonly pair: PairId }): Promise<VerifyPairResult> {
  const { ok, compared, agree, unexplained } = await engine.verify({ pair });
  return { ok, compared, agree, unexplained: unexplained.length };
}
