import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { type ApiEffect, type ApiFault, JsonApi } from '../connectors/json-api.js';
import { Chance } from '../faults/chance.js';

/**
 * The HTTP side as a process of its own: one API for each pair, with faults on what Parley asks and a journal of every
 * effect, which is written before the answer and read again by the next process. Told what to do by its parent; ends
 * with it.
 */
export type HttpSideOrder =
  | {
      readonly kind: 'open';
      readonly pairs: readonly string[];
      /** Where each listened before; none at the first start. */
      readonly ports: readonly number[];
      readonly records: number;
      readonly effects: string;
      readonly seed: number;
      readonly rate: number;
    }
  | { readonly kind: 'faults'; readonly rate: number };
export type HttpSideWord =
  | { readonly kind: 'opened'; readonly urls: readonly string[] }
  | { readonly kind: 'faulted'; readonly fault: ApiFault }
  | { readonly kind: 'heard' };

type Noted = ApiEffect & { readonly pair: string };

const faults = ['early', 'failed', 'dropped_before', 'dropped_after', 'late', 'busy', 'slow'] as const;
let rate = 0;

function say(word: HttpSideWord): void {
  process.send?.(word);
}

async function open(order: Extract<HttpSideOrder, { kind: 'open' }>): Promise<void> {
  ({ rate } = order);
  const chance = new Chance(order.seed);
  const done = effectsIn(order.effects);
  const urls: string[] = [];
  for (const [at, pair] of order.pairs.entries()) {
    const api = new JsonApi({
      key: ['id'],
      fields: ['id', 'name', 'phone', 'address'],
      tokens: { 'token-of-parley': 'parley', 'token-of-people': 'people' },
      onEffect: (effect) => appendFileSync(order.effects, `${JSON.stringify({ pair, atMs: Date.now(), ...effect })}\n`),
      fault(by) {
        if (by !== 'parley' || chance.next() >= rate) return null;
        const fault = chance.oneOf(faults);
        say({ kind: 'faulted', fault });
        return fault;
      },
      // Longer than the connection waits.
      lateMs: 3_500,
      slowMs: 300,
    });
    for (let id = 1; id <= order.records; id += 1)
      api.put({ id: String(id), name: `Company ${id}`, phone: `555-${id}`, address: `Street ${id}` });
    for (const effect of done) if (effect.pair === pair) api.replay(effect);
    urls.push(await api.listen(order.ports[at] ?? 0));
  }
  say({ kind: 'opened', urls });
}

/** What earlier processes did. A last line that a kill cut off was never answered, and goes. */
function effectsIn(file: string): readonly Noted[] {
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Noted);
}

process.on('message', (order: HttpSideOrder) => {
  if (order.kind === 'open') {
    void open(order);
    return;
  }
  ({ rate } = order);
  say({ kind: 'heard' });
});
process.on('disconnect', () => process.exit());
