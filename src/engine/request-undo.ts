import { ParleyError } from '../core/errors.js';
import type { EntityId, PairId } from '../core/ids.js';
import type { UndoScope } from '../core/undo-scope.js';
import type { EnginePorts, UndoInput } from './engine.js';
import { entityHistory, keptHistory } from './entity-history.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
import { isRetired } from './retired.js';
import { activeRevision } from './revision.js';

/**
 * Asks for a plan that takes something back (semantics §6, Undo). Nothing is decided yet: the pair's workflow computes what
 * would be written and asked, and a person approves it like any other plan.
 */
export async function requestUndo(ports: EnginePorts, input: UndoInput): Promise<{ plan: number }> {
  const { store, runner } = ports;
  const pair = await store.pair(input.pair);
  const revision = await activeRevision(ports, pair);
  const scope = await scopeOf(ports, input);
  await runner.ensure(input.pair);
  const open = await store.openPlan(input.pair);
  if (open !== null) {
    throw new ParleyError('pair.busy', `Plan ${open.id} of pair "${input.pair}" is being made or applied.`, {
      hint: `parley plan show ${open.id}`,
    });
  }
  // One plan waits for approval at a time: what it lists must be what would happen.
  const { openPlan: waiting } = await ports.readModel.pairStatus(input.pair);
  if (waiting !== null) await store.updatePlan(waiting.id, { state: 'superseded' });
  const plan = await store.createPlan({ pair: input.pair, revision: revision.id, by: input.by, undo: scope });
  await runner.poke(input.pair);
  return { plan };
}

async function scopeOf(ports: EnginePorts, input: UndoInput): Promise<UndoScope> {
  const { pair, note, conflict, entry, run, record } = input;
  if (conflict !== undefined) return decisionScope(ports, pair, conflict, note);
  const retirement = await ports.store.retirement(pair);
  if (run !== undefined) {
    if (retirement !== null && run <= (await firstRun(ports, pair, retirement))) throw isRetired(pair, retirement);
    const some = await ports.store.runEntries(pair, run, { after: null, limit: 1 });
    if (some.length === 0) throw nothing(`Run ${run} of pair "${pair}" changed no record.`, 'parley ledger list');
    return { what: `run ${run}`, note, of: { kind: 'run', run } };
  }
  if (entry !== undefined) {
    if (retirement !== null && entry < retirement.cut) throw isRetired(pair, retirement);
    const found = (await ports.store.ledger(pair, entry, 1)).find((stored) => stored.entry.seq === entry);
    const entity = found?.entry.entity ?? null;
    if (found === undefined || entity === null)
      throw nothing(`Entry ${entry} changed no record.`, 'parley ledger list');
    return ofEntity(`entry ${entry}`, note, entity, entry, entry);
  }
  if (record === undefined) throw new Error('assertion failed: an undo names what it is of');
  const { side, key, to } = record;
  const known = await ports.readModel.entityByKey(pair, side, key);
  if (known === null)
    throw new ParleyError('record.not_found', `Pair "${pair}" has never read a record ${side}:${key}.`, {
      hint: `parley record list ${pair} --key ${key}`,
    });
  if (to !== null && retirement !== null && to + 1 < retirement.cut) throw isRetired(pair, retirement);
  if (to !== null) return ofEntity(`record ${known.id} since entry ${to}`, note, known.id, to + 1, null);
  const { kept, entries } = await keptHistory(ports.readModel, pair, known.id, retirement);
  const last = entries.findLast(changes);
  if (last === undefined && kept !== null && retirement !== null) throw isRetired(pair, retirement);
  if (last === undefined) throw nothing(`Nothing of ${side}:${key} was changed.`, `parley record log ${side}:${key}`);
  return ofEntity(`record ${known.id}`, note, known.id, last.entry.seq, last.entry.seq);
}

/** The run of the first entry that is left: part of what it did may be retired. */
async function firstRun(ports: EnginePorts, pair: PairId, { cut }: Retirement): Promise<number> {
  const [first] = await ports.store.ledger(pair, cut, 1);
  return first?.entry.run ?? 0;
}

/** The entry of an answer was committed in the same moment as the answer. */
async function decisionScope(ports: EnginePorts, pair: PairId, id: number, note: string | null): Promise<UndoScope> {
  const conflict = await ports.readModel.conflict(id);
  if (conflict === null || conflict.pair !== pair)
    throw new ParleyError('conflict.not_found', `Pair "${pair}" has no question CF-${id}.`, {
      hint: 'parley review list',
    });
  const hint = `parley review show CF-${id}`;
  if (conflict.state !== 'decided')
    throw nothing(`CF-${id} was not decided by anybody: it is ${conflict.state}.`, hint);
  const retirement = await ports.store.retirement(pair);
  if (retirement !== null && (conflict.endedAtMs ?? 0) < retirement.beforeMs) throw isRetired(pair, retirement);
  const history = await entityHistory(ports.readModel, pair, conflict.entity);
  const found = history.find(
    ({ entry }) =>
      entry.kind === 'decided' &&
      entry.atMs === conflict.endedAtMs &&
      (conflict.unit === null || conflict.kind !== 'clash' || entry.units.includes(conflict.unit)),
  );
  if (found === undefined) throw nothing(`The ledger no longer holds the decision of CF-${id}.`, hint);
  return ofEntity(`CF-${id}`, note, conflict.entity, found.entry.seq, found.entry.seq);
}

function ofEntity(what: string, note: string | null, entity: EntityId, from: number, to: number | null): UndoScope {
  return { what, note, of: { kind: 'entity', entity, from, to } };
}

/** Whether an entry changed a value, or deleted or made a record. */
function changes({ entry, payload }: StoredEntry): boolean {
  if (payload === null) return false;
  if (entry.kind === 'deleted' || typeof payload.detail['choice'] === 'string') return true;
  return payload.effects.some(
    ({ before, after, vvBefore }) =>
      Object.keys(vvBefore).length > 0 && JSON.stringify(before) !== JSON.stringify(after),
  );
}

function nothing(what: string, hint: string): ParleyError {
  return new ParleyError('undo.nothing', `${what} There is nothing to take back.`, { hint });
}
