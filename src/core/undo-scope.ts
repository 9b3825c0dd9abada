import type { EntityId } from './ids.js';

/** What a plan is to take back. */
export type UndoScope = {
  /** As people call it: `CF-41`, `entry 17`, `record 12`, `run 118`. Never a key: it stands in entries for good. */
  readonly what: string;
  /** Why, as they said it; the ledger keeps it. */
  readonly note: string | null;
  /** Entries of one entity from a position to another, or all that a run stated. */
  readonly of:
    | { readonly kind: 'entity'; readonly entity: EntityId; readonly from: number; readonly to: number | null }
    | { readonly kind: 'run'; readonly run: number };
};
