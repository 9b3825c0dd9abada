import { decideDelete } from '../core/decide.js';
import { ParleyError } from '../core/errors.js';
import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import type { Fact } from '../core/ledger/entry.js';
import type { Receipt } from '../core/ledger/fold.js';
import { blankedState } from '../core/register.js';
import type { EntityState, Shadow } from '../core/state.js';
import type { EnginePorts, EraseInput, EraseResult } from './engine.js';
import type { StoredEntry } from './ledger-store.js';
import type { Page } from './page.js';
import { activeRevision } from './revision.js';
import { controlPage } from './control-page.js';
import type { PairTransaction } from './store.js';
import { settleMode, settleOn } from './take-page.js';

/**
 * Forgets a record for good (SPEC I19): its values in every table, and the payloads of its history; that something was
 * there, when, and who erased it stays, and the ledger still verifies. Whether its systems are to delete it is a
 * question of its own: `delete` has them do that first, and the same call erases when they have; `leave` erases at once.
 * Either way the identity is suppressed, so that a system that still shows it does not bring it back.
 *
 * @throws ParleyError `record.not_found`, `pair.busy` while a write to it is on its way, `erasure.no_key`
 */
export async function eraseRecord(ports: EnginePorts, input: EraseInput): Promise<EraseResult> {
  const { rules } = await activeRevision(ports, await ports.store.pair(input.pair));
  const result = await ports.store.transact(input.pair, async (transaction): Promise<EraseResult> => {
    const [found] = await transaction.entitiesByKeys(input.side, [input.key]);
    if (found === undefined) throw notFound(input);
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'decide' });
    page.load([found]);
    const state = page.state(found.id) as EntityState;
    const isThere = Object.values(state.sides).some(isThereStill);
    if (input.systems === 'delete' && isThere) {
      await deleteFirst(transaction, page, found.id, input);
      return { state: 'deleting', entity: found.id };
    }
    if (Object.values(state.sides).some((shadow) => shadow.intent !== null)) throw onItsWay(input);
    await eraseNow(transaction, page, found.id, input);
    return { state: 'erased', entity: found.id };
  });
  if (result.state === 'deleting') await ports.runner.poke(input.pair);
  return result;
}

function isThereStill({ presence }: Shadow): boolean {
  return presence === 'present' || presence === 'archived';
}

async function deleteFirst(
  transaction: PairTransaction,
  page: Page,
  entity: EntityId,
  input: EraseInput,
): Promise<void> {
  const state = page.state(entity) as EntityState;
  const isArchived = Object.values(state.sides).some(({ presence }) => presence === 'archived');
  if (state.presence.kind === 'tombstone' && !isArchived) return;
  const mode = settleMode(transaction.pair);
  if (mode === 'hold') {
    throw new ParleyError('pair.halted', `Pair "${input.pair}" writes nothing now, so nothing was deleted or erased.`, {
      hint: `parley status ${input.pair}`,
    });
  }
  const decided = decideDelete({ entity, state, hub: page.hub }, 'delete', { name: input.by, note: null });
  page.take(entity, { state: decided.state, facts: [decided.fact] });
  page.close({ entity, unit: null, kind: 'delete', state: 'closed', decidedBy: null, choice: null });
  settleOn(page, entity, page.hub.rules, mode);
  await page.commit();
}

async function eraseNow(
  transaction: PairTransaction,
  page: Page,
  entity: EntityId,
  { by, reason, systems }: EraseInput,
): Promise<void> {
  const state = page.state(entity) as EntityState;
  const keys = Object.entries(state.sides).map(([side, { key }]) => ({ side: side as SideName, key }));
  const aliases = await transaction.aliasesOf(entity);
  const entities = [entity, ...aliases];
  page.load(await transaction.entitiesByIds(aliases));
  const restated: number[] = [];
  for (const stored of await transaction.deliveredEntries(entities)) {
    const others = receiptsOf(stored).filter((receipt) => !entities.includes(receipt.entity));
    if (!namesKeyOf(stored, entities)) continue;
    restated.push(stored.entry.seq);
    if (others.length > 0) page.addFact(restatement(stored, others));
  }
  for (const id of entities) {
    const known = page.state(id) as EntityState;
    const fact: Fact = {
      kind: 'erased',
      entity: id,
      side: null,
      actor: { kind: 'person', name: by },
      rule: 'erasure',
      dot: null,
      effects: [],
      detail: { reason, systems, restated },
      lo: page.hub.nowMs,
      hi: page.hub.nowMs,
    };
    page.take(id, { state: blankedState(known), facts: [fact] });
  }
  page.count('erased');
  await page.commit();
  await transaction.erase({ entities, keys, restated });
}

function receiptsOf({ payload }: StoredEntry): readonly Receipt[] {
  return (payload?.detail['receipts'] ?? []) as unknown as readonly Receipt[];
}

function namesKeyOf(stored: StoredEntry, entities: readonly EntityId[]): boolean {
  return receiptsOf(stored).some(({ entity, key }) => key !== undefined && entities.includes(entity));
}

/** The same delivery without the record that is forgotten: its entry keeps its place, its payload goes. */
function restatement({ entry }: StoredEntry, receipts: readonly Receipt[]): Fact {
  return {
    kind: 'delivered',
    entity: null,
    side: entry.side,
    actor: { kind: 'rule' },
    rule: `stated anew for entry ${entry.seq}: a record of it was erased`,
    dot: null,
    effects: [],
    detail: { receipts, restates: entry.seq },
    lo: entry.lo,
    hi: entry.hi,
  };
}

function notFound({ pair, side, key }: { pair: string; side: SideName; key: RecordKey }): ParleyError {
  return new ParleyError('record.not_found', `Pair "${pair}" knows no record ${side}:${key}. Nothing was erased.`, {
    hint: 'A record that was erased is not known any more.',
  });
}

function onItsWay({ side, key }: EraseInput): ParleyError {
  return new ParleyError(
    'pair.busy',
    `A write to ${side}:${key} or its counterpart is on its way. Nothing was erased.`,
    {
      hint: 'Try again when it has arrived.',
    },
  );
}
