import type { NativeWrite } from './connector.js';
import type { EnginePorts } from './engine.js';
import type { DeliveryItem, DeliveryRow } from './store.js';

/** The idempotency key is derived from what is carried, so that no crash can lose it and every attempt has the same. */
export function nativeWrite(ports: EnginePorts, delivery: DeliveryRow, item: DeliveryItem): NativeWrite {
  const { key, fields, expect, token, version } = item;
  // To its system, that a record is archived is a field like any other.
  const kind = item.kind === 'archive' || item.kind === 'unarchive' ? 'update' : item.kind;
  const carried = ports.hasher.sha256(version).slice(0, 16);
  return {
    kind,
    key,
    fields,
    expect,
    token,
    idempotencyKey: `${delivery.pair}/${delivery.side}/${item.entity}/${carried}`,
  };
}
