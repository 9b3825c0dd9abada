import type { Hub } from '../core/hub.js';
import type { PairRules } from '../core/rules.js';
import type { EnginePorts } from './engine.js';
import type { PairRow } from './store.js';

/**
 * The hub as a plan sees it: what would be decided in the commit after the pair's last one. Writes join no delivery, since
 * a plan makes none.
 */
export async function planningHub(ports: EnginePorts, pair: PairRow, rules: PairRules): Promise<Hub> {
  const open = await ports.store.openDeliveries(pair.pair);
  return {
    rules,
    epoch: pair.epoch,
    tick: pair.tick + 1,
    nowMs: await ports.store.nowMs(),
    deliveries: Object.fromEntries(rules.sides.map(({ name }) => [name, 0])),
    sent: new Set(open.filter(({ state }) => state === 'sent').map(({ id }) => id)),
    ...(ports.evaluate === undefined ? {} : { evaluate: ports.evaluate }),
  };
}
