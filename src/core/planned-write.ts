import type { RecordKey, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import type { NativeFieldMap } from './record.js';
import type { Intent } from './state.js';

/** What settle may do: `hold` decides and plans no write (the pair is held, or a plan is only being made). */
export type SettleMode = 'write' | 'hold';

/** One write to one record of one side, with what it must still find there. */
export type PlannedWrite = {
  readonly side: SideName;
  readonly kind: Intent['kind'];
  readonly key: RecordKey;
  readonly fields: NativeFieldMap;
  readonly expect: NativeFieldMap;
  readonly token: string | null;
  /** The versions it carries, as text: the same for every attempt of the same write. */
  readonly version: string;
  readonly changes: readonly {
    readonly unit: UnitName;
    readonly before: Json;
    readonly after: Json;
    readonly rule: string;
  }[];
};
