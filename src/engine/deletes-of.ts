import type { Connector, ObjectDescription } from './connector.js';

const known = new WeakMap<Connector, ObjectDescription['deletes']>();

/** How a side's deletes are known. It holds while the connector is open; the system is not asked again at every step. */
export async function deletesOf(connector: Connector): Promise<ObjectDescription['deletes']> {
  const deletes = known.get(connector) ?? (await connector.describe()).deletes;
  known.set(connector, deletes);
  return deletes;
}
