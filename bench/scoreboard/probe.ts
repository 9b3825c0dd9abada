import type { Arena, Setup } from './arena.js';

export type Verdict = {
  /** `not tried`: a peer could not be brought to it here, which says nothing about the peer. */
  readonly result: 'pass' | 'fail' | 'not applicable' | 'not tried';
  /** What came out, in a line; for a failure, everything that was wrong. */
  readonly why: string;
  readonly figures: { readonly [name: string]: number };
};

/** One claim about correctness, tried on a product. */
export type Probe = {
  readonly name: string;
  /** What must hold, in a line. */
  readonly claim: string;
  readonly setup: Omit<Setup, 'probe'>;
  /** Computes the verdict from what the tables hold and what the writers' journal says they did. */
  run(arena: Arena): Promise<Verdict>;
};

/** Passes when every condition holds; each comes with what to say when it does not. */
export function judge(
  passed: string,
  conditions: readonly (readonly [holds: boolean, otherwise: string])[],
  figures: Verdict['figures'] = {},
): Verdict {
  const wrong = conditions.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
  return { result: wrong.length === 0 ? 'pass' : 'fail', why: wrong.length === 0 ? passed : wrong.join('; '), figures };
}

/** Row numbers as ids, both ends included. */
export function ids(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}
