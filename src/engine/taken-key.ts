import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { recordQuestion, type Question } from '../core/question.js';
import { without } from '../core/register.js';
import { hasRecord } from '../core/presence.js';
import type { EntityState } from '../core/state.js';
import type { DeliveryItem, PairTransaction, StoredEntity } from './store.js';

type States = {
  load(entities: readonly StoredEntity[]): void;
  state(entity: EntityId): EntityState | undefined;
};

/** The creates among planned writes whose record is there already and stands for another entity; a statement a side. */
export async function takenCreates(
  transaction: Pick<PairTransaction, 'entitiesByKeys'>,
  states: States,
  planned: ReadonlyMap<SideName, ReadonlyMap<EntityId, DeliveryItem>>,
): Promise<readonly { readonly side: SideName; readonly entity: EntityId; readonly key: RecordKey }[]> {
  const taken: { side: SideName; entity: EntityId; key: RecordKey }[] = [];
  for (const [side, items] of planned) {
    const creates = [...items.values()].filter(({ kind }) => kind === 'create');
    if (creates.length === 0) continue;
    const holders = await transaction.entitiesByKeys(
      side,
      creates.map(({ key }) => key),
    );
    states.load(holders);
    const isHeld = (id: EntityId, key: RecordKey): boolean => {
      const shadow = states.state(id)?.sides[side];
      return (
        shadow?.key === key && (hasRecord(shadow) || shadow.presence === 'duplicate' || shadow.presence === 'archived')
      );
    };
    for (const { entity, key } of creates)
      if (holders.some((held) => held.key === key && held.id !== entity && isHeld(held.id, key)))
        taken.push({ side, entity, key });
  }
  return taken;
}

/** A create that is not made, because the record that it would make is there and stands for something else. */
export function takenStep(
  state: EntityState,
  side: SideName,
  key: RecordKey,
): { readonly state: EntityState; readonly questions: readonly Question[] } {
  const waiting: EntityState = { ...state, sides: without(state.sides, side), hold: { kind: 'create' } };
  const from = (Object.keys(waiting.sides)[0] ?? side) as SideName;
  const note = `The record that would be made in ${side} under the key ${key} is there, and belongs to another one.`;
  return { state: waiting, questions: [recordQuestion('create', waiting, from, { note, rule: 'taken', shape: side })] };
}
