import type { RecordKey } from '../core/ids.js';
import { observeAbsent } from '../core/absence.js';
import { unproven } from '../core/fence.js';
import { deletesOf } from './deletes-of.js';
import { lookForAbsent } from './disappearances.js';
import { releaseCandidates, type Ended } from './identify.js';
import type { EnginePorts, ListMissingInput, ListMissingResult } from './engine.js';
import { Page } from './page.js';
import { activeRevision } from './revision.js';
import { pageSizeDefault, refuseIfMoved, settleMode, settleOn } from './take-page.js';

/**
 * Finds deleted records of one side by listing its keys: a merge of two sorted streams, one page of linked keys at a
 * time. Missing from a listing is only a suspicion; each such key is read, and what cannot be read is confirmed gone.
 */
export async function listMissing(ports: EnginePorts, input: ListMissingInput): Promise<ListMissingResult> {
  const { store } = ports;
  const limit = ports.pageSize ?? pageSizeDefault;
  const pair = await store.pair(input.pair);
  const revision = await activeRevision(ports, pair);
  const rules = revision.rules.sides.find(({ name }) => name === input.side);
  if (rules === undefined) throw new Error(`assertion failed: no side ${input.side}`);
  const linked = await store.linkedKeys(input.pair, input.side, input.after, limit);
  const last = linked.at(-1);
  if (last === undefined) return { next: null, deleted: 0 };
  const connector = await ports.connectors.open(revision, rules);
  const present = await keysUpTo(connector, input.after, last.key, limit);
  const missing = linked.filter(({ key }) => !present.has(key));
  const next = linked.length < limit ? null : last.key;
  if (missing.length === 0) return { next, deleted: 0 };
  const readable = new Set((await connector.readByKeys(missing.map(({ key }) => key))).map(({ key }) => key));
  const gone = missing.filter(({ key }) => !readable.has(key));
  if (gone.length === 0) return { next, deleted: 0 };
  const absent = await lookForAbsent(
    connector,
    gone.map(({ key }) => key),
  );
  const deletes = await deletesOf(connector);
  const deleted = await store.transact(input.pair, async (transaction) => {
    refuseIfMoved(pair, transaction.pair, input.side);
    const page = new Page(transaction, {
      rules: revision.rules,
      source: 'listing',
      run: { id: transaction.pair.nextRun, kind: 'poll' },
      hasher: ports.hasher,
      evaluate: ports.evaluate,
    });
    await page.fetch(gone.map(({ entity }) => entity));
    let count = 0;
    const ended: Ended[] = [];
    for (const { entity, key } of gone) {
      const state = page.state(entity);
      const shadow = state?.sides[input.side];
      // A key that the entity no longer goes by there says nothing about it.
      if (state === undefined || shadow?.key !== key || shadow.intent !== null) continue;
      const kind = absent.kinds.get(key);
      // What was merged is taken with the record that it was merged into, on the next page of the side.
      if (kind === undefined && shadow.presence !== 'gone') {
        page.rereads.push({ side: input.side, key });
        // A feed that tells would have told before it was complete.
        if (deletes === 'listing') page.take(entity, { state: unproven(state, page.hub, input.side) });
      }
      if (kind === undefined) continue;
      const step = observeAbsent(entity, state, page.hub, input.side, { kind, readTick: pair.tick });
      if (step.kind !== 'changed') continue;
      count += 1;
      if (step.state.presence.kind === 'tombstone') ended.push({ entity, state });
      page.count(step.facts[0]?.kind ?? 'deleted');
      page.take(entity, { state: step.state, facts: step.facts, questions: step.questions, closes: step.closes });
      settleOn(page, entity, revision.rules, settleMode(transaction.pair));
    }
    for (const entity of await releaseCandidates(transaction, page, ended))
      settleOn(page, entity, revision.rules, settleMode(transaction.pair));
    if (!page.isEmpty) await page.commit();
    return count;
  });
  return { next, deleted };
}

/** The side's keys after `after` up to and including `last`; a page of keys at a time, never more than it takes. */
async function keysUpTo(
  connector: {
    listKeys(request: {
      after: RecordKey | null;
      limit: number;
    }): Promise<{ keys: readonly RecordKey[]; more: boolean }>;
  },
  after: RecordKey | null,
  last: RecordKey,
  limit: number,
): Promise<ReadonlySet<RecordKey>> {
  const found = new Set<RecordKey>();
  const end = Buffer.from(last);
  let position = after;
  for (;;) {
    const { keys, more } = await connector.listKeys({ after: position, limit });
    for (const key of keys) found.add(key);
    const highest = keys.at(-1);
    if (!more || highest === undefined || Buffer.compare(Buffer.from(highest), end) >= 0) return found;
    position = highest;
  }
}
