/** Counts refused tokens by address in fixed windows. One process, in memory: it protects this process's database. */
export type FailureLimit = {
  /** True when the address has failed too often and the token is not one that was good before. */
  exceeded(address: string, hash: string): boolean;
  failed(address: string): void;
  succeeded(hash: string): void;
  /** Milliseconds until the address may try again. */
  waitMs(address: string): number;
};

/** Addresses and hashes remembered at most; beyond it the oldest is forgotten, so that a flood costs no memory. */
const rememberedMax = 10_000;

export function createFailureLimit(settings: {
  readonly max: number;
  readonly windowMs: number;
  readonly nowMs: () => number;
}): FailureLimit {
  const windows = new Map<string, { count: number; readonly endsAtMs: number }>();
  const good = new Set<string>();

  const current = (address: string) => {
    const window = windows.get(address);
    if (window !== undefined && window.endsAtMs > settings.nowMs()) return window;
    windows.delete(address);
    return undefined;
  };

  return {
    exceeded: (address, hash) => (current(address)?.count ?? 0) >= settings.max && !good.has(hash),
    failed: (address) => {
      const window = current(address);
      if (window !== undefined) {
        window.count += 1;
        return;
      }
      forgetOldest(windows);
      windows.set(address, { count: 1, endsAtMs: settings.nowMs() + settings.windowMs });
    },
    succeeded: (hash) => {
      if (good.has(hash)) return;
      forgetOldest(good);
      good.add(hash);
    },
    waitMs: (address) => Math.max(0, (current(address)?.endsAtMs ?? 0) - settings.nowMs()),
  };
}

/** Maps and sets keep the order of insertion, so the first key is the oldest. */
function forgetOldest(kept: Map<string, unknown> | Set<string>): void {
  if (kept.size < rememberedMax) return;
  for (const oldest of kept.keys()) {
    kept.delete(oldest);
    return;
  }
}
