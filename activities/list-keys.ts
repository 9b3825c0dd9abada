import type { RecordKey } from '../src/core/ids.js';
import type { Engine } from '../src/engine/engine.js';
import type { ListKeysInput, ListKeysResult } from './contract.js';

/** A page of keys is cheap, so one activity compares many: until the listing ends or this much time has passed. */
const listForMs = 30_000;

export async function listKeys(engine: Engine, input: ListKeysInput, signal: AbortSignal): Promise<ListKeysResult> {
  const { pair, side, run } = input;
  const untilMs = performance.now() + listForMs;
  let after: RecordKey | null = input.after;
  let deleted = 0;
  do {
    const page = await engine.listMissing({ pair, side, run, after });
    deleted += page.deleted;
    after = page.next;
  } while (after !== null && performance.now() < untilMs && !signal.aborted);
  return { next: after, deleted };
}
