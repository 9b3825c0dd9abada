import type { UnitRules } from '../../core/rules.js';
import type { Discovered, DiscoveredField, DiscoveredObject } from './discovered.js';
import type { FieldUse } from './field-use.js';
import { type Problem, problemList, type Report } from './problems.js';
import { didYouMean, nearest, quoted } from './suggest.js';

type FieldCheck = {
  readonly file: string;
  readonly uses: readonly FieldUse[];
  /** By connection name; a connection that is missing was never discovered. */
  readonly discovered: ReadonlyMap<string, Discovered>;
  readonly nowMs: number;
};

/**
 * Checks the native fields that a pair names against what was discovered: whether they exist, can be written where
 * they are written, and hold what `as` says. What was never discovered is not judged.
 */
export function checkFields({ file, uses, discovered, nowMs }: FieldCheck): readonly Problem[] {
  const { problems, report } = problemList(file);
  const units = new Map<string, FieldUse[]>();
  for (const use of uses) {
    const schema = discovered.get(use.side.connection);
    if (schema === undefined) continue;
    const object = objectOf(schema, use);
    if (object === undefined) {
      if (use.kind === 'key') reportObject(report, use, schema);
      continue;
    }
    const field = fieldOf(object, use.field);
    if (field === undefined) reportField(report, use, object, refresh(schema, nowMs));
    else if (field !== 'nested') {
      reportUse(report, use, field);
      if (use.unit !== undefined) units.set(use.unit.name, [...(units.get(use.unit.name) ?? []), use]);
    }
  }
  for (const members of units.values()) reportMixedTypes(report, members, discovered);
  return problems;
}

/** Objects may be named without their schema: `accounts` is `public.accounts`. */
function objectOf(schema: Discovered, use: FieldUse): DiscoveredObject | undefined {
  const { object } = use.side;
  return Object.hasOwn(schema.objects, object) ? schema.objects[object] : schema.objects[`public.${object}`];
}

function fieldOf(object: DiscoveredObject, name: string): DiscoveredField | 'nested' | undefined {
  const field = object.fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return field;
  const outer = object.fields.find(
    (candidate) => name.startsWith(`${candidate.name}.`) && /^json/i.test(candidate.type),
  );
  return outer === undefined ? undefined : 'nested';
}

function refresh(schema: Discovered, nowMs: number): string {
  const days = Math.max(0, Math.floor((nowMs - Date.parse(schema.readAt)) / 86_400_000));
  const age = days === 0 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`;
  return `fields were read ${age}; refresh: parley discover ${schema.connection}`;
}

function reportObject(report: Report, use: FieldUse, schema: Discovered): void {
  const { connection, object, objectRange } = use.side;
  const possible = didYouMean(object, Object.keys(schema.objects)) ?? 'none was found';
  report('config.unknown_object', objectRange, `${connection} has no object ${quoted(object)}, or it was never read`, {
    hint: `${possible}; refresh: parley discover ${connection}`,
  });
}

function reportField(report: Report, use: FieldUse, object: DiscoveredObject, freshness: string): void {
  const near = nearest(
    use.field,
    object.fields.map((field) => field.name),
  );
  const type = object.fields.find((field) => field.name === near)?.type;
  const hint = near === undefined ? freshness : `did you mean ${near} (${type})? ${freshness}`;
  report(
    'config.unknown_field',
    use.range,
    `${use.side.connection}/${use.side.object} has no field ${quoted(use.field)}`,
    { hint },
  );
}

type Family = 'number' | 'boolean' | 'date' | 'timestamp' | 'other';

/** What a system's type name means for comparison; everything that can hold any text is `other`. */
function familyOf(type: string): Family {
  if (/^(?:small|big)?int|^integer|^serial|^bigserial|^numeric|^decimal|^money|^real|^double|^float/i.test(type))
    return 'number';
  if (/^bool/i.test(type)) return 'boolean';
  if (/^timestamp|^datetime/i.test(type)) return 'timestamp';
  return /^date\b/i.test(type) ? 'date' : 'other';
}

const fits: { readonly [lens in UnitRules['as']]: readonly Family[] } = {
  text: ['number', 'boolean', 'date', 'timestamp', 'other'],
  integer: ['number', 'other'],
  decimal: ['number', 'other'],
  boolean: ['boolean', 'other'],
  date: ['date', 'timestamp', 'other'],
  timestamp: ['timestamp', 'date', 'other'],
  join: ['number', 'boolean', 'date', 'timestamp', 'other'],
  list: ['other'],
  reference: ['number', 'other'],
};

function reportUse(report: Report, use: FieldUse, field: DiscoveredField): void {
  const name = `${use.side.name}.${use.field}`;
  if (use.written && !field.writable) {
    report(
      'config.field_not_writable',
      use.range,
      `${name} cannot be written (${field.type}), but ${use.kind === 'archive' ? 'archiving' : 'this unit'} writes it`,
      {
        hint:
          use.kind === 'archive'
            ? 'archive by a field that can be written'
            : `put the unit under "${use.side.name}:", whose field is then only read, or map another field`,
      },
    );
  }
  if (use.unit?.isSum === true && /^real|^double|^float/i.test(field.type)) {
    report('config.field_type', use.range, `${name} is ${field.type}, which rounds: what is added to it is not exact`, {
      hint: 'make the column numeric, or choose another policy than "delta"',
    });
  }
  if (use.unit !== undefined && !fits[use.unit.as].includes(familyOf(field.type))) {
    report('config.field_type', use.range, `${name} is ${field.type}, which cannot be read as ${use.unit.as}`, {
      hint: 'write the type that both sides share, or map another field',
    });
  }
}

const lensFor: { readonly [family in Exclude<Family, 'other'>]: UnitRules['as'] } = {
  number: 'decimal',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
};

/** Values of different types that are compared as text differ by form alone: 10.00 and 10. */
function reportMixedTypes(
  report: Report,
  members: readonly FieldUse[],
  discovered: ReadonlyMap<string, Discovered>,
): void {
  if (members.some((use) => use.unit?.asWritten !== false)) return;
  const families = members.map((use): Family => {
    const schema = discovered.get(use.side.connection);
    const object = schema === undefined ? undefined : objectOf(schema, use);
    const field = object === undefined ? undefined : fieldOf(object, use.field);
    return field === undefined || field === 'nested' ? 'other' : familyOf(field.type);
  });
  const index = families.findIndex((family) => family !== 'other');
  const typed = families[index];
  const use = members[index];
  if (typed === undefined || typed === 'other' || use === undefined || families.every((family) => family === typed))
    return;
  report(
    'config.field_type',
    use.range,
    `${use.side.name}.${use.field} is a ${typed}, other sides of ${quoted(use.unit?.name ?? '')} hold text`,
    {
      severity: 'warning',
      hint: `compare them as one type: as: ${lensFor[typed]}`,
    },
  );
}
