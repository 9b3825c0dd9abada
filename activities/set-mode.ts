import type { Engine } from '../src/engine/engine.js';
import type { PairMode } from '../src/engine/store.js';
import type { SetModeInput } from './contract.js';

const modes = { hold: 'held', pause: 'paused', drain: 'draining', resume: 'active' } as const satisfies Record<
  SetModeInput['change'],
  PairMode
>;

export async function setMode(engine: Engine, { pair, change, by }: SetModeInput): Promise<void> {
  await engine.setMode({ pair, mode: modes[change], by });
}
