import type { Json } from '../../src/core/json.js';
import { sameJson } from '../../src/core/json.js';
import type { NativeRecord, NativeWrite } from '../../src/engine/connector.js';
import { fieldsOf, type SideOptions, type UnitOptions } from './options.js';

/** What a system keeps of a value that it is given. */
export function normal(
  { options, units }: { readonly options: SideOptions; readonly units: readonly UnitOptions[] },
  name: string,
  value: Json,
): Json {
  const { truncates, capitals } = options;
  const unit = units.find((candidate) => fieldsOf(candidate).includes(name));
  if (typeof value !== 'string' || unit === undefined) return value;
  if (unit.type === 'decimal' || unit.type === 'reference') return value;
  const short = truncates === null ? value : value.slice(0, truncates);
  return capitals ? short.toUpperCase() : short;
}

/** Whether a record still is what a write expects to find. */
export function holds(kind: SideOptions['write'], present: NativeRecord, { expect, token }: NativeWrite): boolean {
  if (kind === 'W3' && token !== null) return token === present.token;
  const expected = Object.entries(expect);
  if (expected.length === 0) return token === null || token === present.token;
  return expected.every(([name, value]) => sameJson(present.fields[name] ?? null, value));
}
