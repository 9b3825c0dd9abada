import type { EntityId, PairId, RecordKey, RevisionId, SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import type { WriteKind } from '../core/state.js';
import type { UndoScope } from '../core/undo-scope.js';

export type PlanState = 'reading' | 'deciding' | 'ready' | 'applying' | 'applied' | 'expired' | 'failed' | 'superseded';
export type PlanRow = {
  readonly id: number;
  readonly pair: PairId;
  readonly revision: RevisionId;
  readonly state: PlanState;
  readonly counts: PlanCounts | null;
  /** The pair's tick when the plan was decided: entities committed later have moved on. */
  readonly tick: number | null;
  readonly asOf: { readonly [side: SideName]: number } | null;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number | null;
  readonly approvedBy: string | null;
  readonly progress: { readonly done: number; readonly total: number | null; readonly text: string } | null;
  readonly problem: string | null;
  /** What it takes back; null for a plan that brings the sides into agreement. */
  readonly undo: UndoScope | null;
};

export type PlanCounts = {
  readonly sides: {
    readonly [side: SideName]: {
      readonly create: number;
      readonly update: number;
      readonly blank: number;
      readonly delete: number;
    };
  };
  /** Updates by unit, for the summary line. */
  readonly units: { readonly [unit: UnitName]: number };
  /** Linked records that need nothing, by match rule. */
  readonly link: number;
  /** Records that a likely rule would link; listed one by one. */
  readonly likely: number;
  /** Questions by kind and unit, and the number of shapes they come in. */
  readonly ask: { readonly [kind: string]: number };
  readonly shapes: number;
  /** Records that only one side has, by side. */
  readonly oneSided: { readonly [side: SideName]: number };
  /** Linked, equal under `same:` although not typed alike. */
  readonly alike: { readonly [unit: UnitName]: number };
  readonly override: { readonly [unit: UnitName]: number };
  readonly setAside: number;
  readonly movedOn: number;
  /** Records with a reference that waits for a record of another pair; a plan from before there were any has none. */
  readonly waiting?: number;
};

export type PlanItem = {
  readonly entity: EntityId;
  readonly kind: 'link' | WriteKind | 'ask' | 'left';
  /** The side that would be written; null for a question. */
  readonly side: SideName | null;
  readonly key: RecordKey;
  readonly label: string;
  readonly unit: UnitName | null;
  readonly before: Json;
  readonly after: Json;
  readonly rule: string;
  /** The shape of a question; null for a write. */
  readonly shape: string | null;
};
