import { appendFileSync } from 'node:fs';
import { type ApiFault, JsonApi } from '../connectors/json-api.js';
import { Chance } from '../faults/chance.js';

/**
 * The HTTP side as a process of its own: one API for each pair, with faults on what Parley asks and a journal of every
 * effect. Told what to do by its parent; ends with it.
 */
export type HttpSideOrder =
  | {
      readonly kind: 'open';
      readonly pairs: readonly string[];
      readonly records: number;
      readonly effects: string;
      readonly seed: number;
    }
  | { readonly kind: 'faults'; readonly rate: number };
export type HttpSideWord =
  | { readonly kind: 'opened'; readonly urls: readonly string[] }
  | { readonly kind: 'faulted'; readonly counts: { readonly [fault in ApiFault]?: number } };

const faults = ['early', 'failed', 'dropped_before', 'dropped_after', 'late', 'busy', 'slow'] as const;
const counts: { [fault in ApiFault]?: number } = {};
let rate = 0;

function say(word: HttpSideWord): void {
  process.send?.(word);
}

async function open(order: Extract<HttpSideOrder, { kind: 'open' }>): Promise<void> {
  const chance = new Chance(order.seed);
  const urls: string[] = [];
  for (const pair of order.pairs) {
    const api = new JsonApi({
      key: ['id'],
      fields: ['id', 'name', 'phone', 'address'],
      tokens: { 'token-of-parley': 'parley', 'token-of-people': 'people' },
      onEffect: (effect) => appendFileSync(order.effects, `${JSON.stringify({ pair, ...effect })}\n`),
      fault(by) {
        if (by !== 'parley' || chance.next() >= rate) return null;
        const fault = chance.oneOf(faults);
        counts[fault] = (counts[fault] ?? 0) + 1;
        return fault;
      },
      lateMs: 1_500,
      slowMs: 300,
    });
    for (let id = 1; id <= order.records; id += 1)
      api.put({ id: String(id), name: `Company ${id}`, phone: `555-${id}`, address: `Street ${id}` });
    urls.push(await api.listen());
  }
  say({ kind: 'opened', urls });
}

process.on('message', (order: HttpSideOrder) => {
  if (order.kind === 'open') void open(order);
  else {
    ({ rate } = order);
    say({ kind: 'faulted', counts });
  }
});
process.on('disconnect', () => process.exit());
