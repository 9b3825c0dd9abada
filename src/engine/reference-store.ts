import type { EntityId, PairId, RecordKey, SideName, UnitName } from '../core/ids.js';

/** The part of the Store port by which references find the records that they name, in another pair. */
export interface ParentReads {
  /** Entities of a pair that stand for these records, with how far the pair was before it was asked. */
  parents(pair: PairId, places: readonly ParentPlace[]): Promise<ParentRows>;
}

export interface ReferenceReads extends ParentReads {
  /** Entities with a reference that waits for a record of which something was committed since it was looked for. */
  readyWaits(limit: number): Promise<readonly EntityId[]>;
}

export type ReferenceChanges = {
  /** What references of these entities wait for: the rows take the place of all that they had. */
  readonly waits?: { readonly of: readonly EntityId[]; readonly rows: readonly WaitRow[] };
};

/** A record as a side names it. */
export type ParentPlace = { readonly side: SideName; readonly key: RecordKey };
/** `tick` is one at which the pair stood before the rows were read; nothing newer than it was certainly seen. */
export type ParentRows = {
  readonly tick: number;
  readonly rows: readonly ParentRow[];
};
/** The packed state of the entity that a record stands for. */
export type ParentRow = ParentPlace & { readonly id: EntityId; readonly state: string };
/** A reference that cannot be written to `side`, the record of another pair that it names, and that pair's tick when it was looked for. */
export type WaitRow = {
  readonly entity: EntityId;
  readonly unit: UnitName;
  readonly side: SideName;
  readonly parent: PairId;
  readonly parentSide: SideName;
  readonly parentKey: RecordKey;
  readonly seen: number;
};
