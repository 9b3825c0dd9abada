import type { EntityId, PairId, RecordKey, SideName, UnitName } from '../core/ids.js';

/** The part of the Store port by which references find the records that they name, in another pair. */
export interface ParentReads {
  /** Entities of a pair that stand for these records, with how far the pair was before it was asked. */
  parents(pair: PairId, places: readonly ParentPlace[]): Promise<ParentRows>;
  /** The records of other pairs that name these records of a pair; nothing for one that nobody names. */
  namedBy(parent: PairId, places: readonly ParentPlace[]): Promise<readonly NamedRow[]>;
}

export interface ReferenceReads extends ParentReads {
  /** Entities with a reference that waits for a record of which something was committed since it was looked for. */
  readyWaits(limit: number): Promise<readonly EntityId[]>;
  /** Entities of this pair that name a record of `parents` whose delete waits for its children. */
  orphans(parents: readonly PairId[], limit: number): Promise<readonly OrphanRow[]>;
}

export type ReferenceChanges = {
  /** What records of these entities name: the rows take the place of all that they had. */
  readonly names?: { readonly of: readonly EntityId[]; readonly rows: readonly NameRow[] };
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
/** A record of another pair that a record of this entity names, with the side that holds it. */
export type NameRow = ParentPlace & { readonly entity: EntityId; readonly parent: PairId };
/** How many records of `pair` name the record, and the keys of some on that side; `tick` as of `ParentRows`. */
export type NamedRow = ParentPlace & {
  readonly pair: PairId;
  readonly count: number;
  readonly keys: readonly RecordKey[];
  readonly tick: number;
};
/** An entity that names a record of another pair, and the packed state of the entity that this one stands for. */
export type OrphanRow = ParentPlace & { readonly entity: EntityId; readonly parent: PairId; readonly state: string };
