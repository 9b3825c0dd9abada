import { type SideName, sideName } from '../../core/ids.js';
import type { FieldUse, Side } from './field-use.js';
import type { Report } from './problems.js';
import { madeUses } from './made-reader.js';
import { onlyUses, readOnly } from './only-reader.js';
import { systemSchema } from './schema.js';
import { isMapping, valueAt } from './shape-problems.js';
import { didYouMean, quoted } from './suggest.js';
import { isReservedSide } from './words.js';
import type { YamlSource } from './yaml-source.js';

export type SideContext = {
  readonly source: YamlSource;
  readonly report: Report;
  /** Connections by name with their connector, or null when connections.yaml could not be read. */
  readonly connections: ReadonlyMap<string, string> | null;
};

/** A side's name, or undefined after reporting why it cannot be one. */
function readSideName({ source, report }: SideContext, written: string): SideName | undefined {
  const range = source.keyRange(['systems', written]);
  if (isReservedSide(written)) {
    report(
      'config.bad_name',
      range,
      `a side cannot be called ${quoted(written)}: the word has a meaning of its own here`,
      {
        hint: 'call it by the system, such as crm or billing',
      },
    );
    return undefined;
  }
  try {
    return sideName(written);
  } catch {
    report('config.bad_name', range, `${quoted(written)} cannot be the name of a side`, { hint: namePattern });
    return undefined;
  }
}

export const namePattern = 'names start with a lower-case letter; letters, digits, _ and - follow; 63 at most';

/** The sides that could be read, in the order of the file. Problems of shape were reported before. */
export function readSides(context: SideContext): {
  readonly sides: readonly Side[];
  readonly uses: readonly FieldUse[];
  /** Fields that are only read, to say which records are meant and which ones they are. */
  readonly scopes: readonly FieldUse[];
} {
  const { source, report } = context;
  const systems = valueAt(source.value, ['systems']);
  const sides: Side[] = [];
  const uses: FieldUse[] = [];
  const scopes: FieldUse[] = [];
  if (!isMapping(systems)) return { sides, uses, scopes };
  const names = Object.keys(systems);
  if (names.length < 2) {
    report('config.too_few_sides', source.keyRange(['systems']), 'a pair has two sides or more', {
      hint: 'name the second system under "systems:"',
    });
  }
  for (const written of names) {
    const name = readSideName(context, written);
    const system = systemSchema.safeParse(valueAt(systems, [written]));
    if (name === undefined || !system.success) continue;
    const place = readObject(context, written, system.data.object);
    if (place === undefined) continue;
    const key = typeof system.data.key === 'string' ? [system.data.key] : system.data.key;
    const side: Side = {
      name,
      ...place,
      key,
      connector: context.connections?.get(place.connection),
      objectRange: source.valueRange(['systems', written, 'object']),
    };
    const twin = sides.find((other) => other.connection === side.connection && other.object === side.object);
    if (twin !== undefined) {
      report('config.same_object', side.objectRange, `${twin.name} already is this object; a side is a different one`, {
        hint: 'name another object, or remove one of the two sides',
      });
    }
    const scope = readOnly(context, written, system.data.only);
    const { made } = system.data;
    const marked = made === undefined ? side : { ...side, made };
    sides.push({ ...marked, only: scope, outOfScope: system.data.out_of_scope ?? 'unlink' });
    uses.push(...keyUses(context, written, side));
    scopes.push(...onlyUses(context, written, side, scope), ...madeUses(context, written, marked));
  }
  return { sides, uses, scopes };
}

function keyUses({ source, report }: SideContext, written: string, side: Side): readonly FieldUse[] {
  const path = ['systems', written, 'key'];
  const isList = Array.isArray(valueAt(source.value, path));
  return side.key.map((field, index): FieldUse => {
    const range = source.valueRange(isList ? [...path, index] : path);
    if (side.key.indexOf(field) !== index) {
      report('config.two_writers', range, `${quoted(field)} stands twice in the key of ${side.name}`, {
        hint: 'remove one of the two',
      });
    }
    return { kind: 'key', side, field, range, written: false };
  });
}

/** Splits `crm/public.accounts` into connection and object. */
function readObject(
  { source, report, connections }: SideContext,
  written: string,
  text: string,
): { readonly connection: string; readonly object: string } | undefined {
  const path = ['systems', written, 'object'];
  const slash = text.indexOf('/');
  const connection = slash === -1 ? text : text.slice(0, slash);
  const object = slash === -1 ? '' : text.slice(slash + 1);
  if (connection !== '' && connections !== null && !connections.has(connection)) {
    const range = source.textRange(path, 0, connection.length);
    report('config.unknown_connection', range, `connections.yaml has no connection called ${quoted(connection)}`, {
      hint: didYouMean(connection, [...connections.keys()]),
    });
    return undefined;
  }
  const leaves = object.startsWith('/') || object.split('/').includes('..');
  if (connection === '' || object === '' || object.trim() !== object || leaves) {
    const message = leaves ? 'the object lies outside its connection' : 'an object is written as connection/object';
    report('config.bad_object', source.valueRange(path), message, {
      hint: 'such as crm/public.accounts or erp/suppliers.csv',
    });
    return undefined;
  }
  return { connection, object };
}
