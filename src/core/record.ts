import type { RecordKey } from './ids.js';
import type { Json } from './json.js';

/** Fields of a record by native name. A field that is missing was not returned: no information, never a blank. */
export type NativeFieldMap = { readonly [field: string]: Json };

/** A record as a side showed it at one moment. */
export type Snapshot = {
  readonly key: RecordKey;
  readonly fields: NativeFieldMap;
  /** The system's version of the record, for equality only; null when it has none. */
  readonly token: string | null;
};
