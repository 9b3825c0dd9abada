import type { RecordKey } from '../../src/core/ids.js';
import type { NativeFields } from '../../src/engine/connector.js';
import type { Register } from './truth.js';

/** A record as somebody saw it, with the registers that it really had then. */
export type Sighting = {
  readonly side: string;
  readonly key: RecordKey;
  readonly fields: NativeFields;
  readonly registers: { readonly [unit: string]: Register };
};
