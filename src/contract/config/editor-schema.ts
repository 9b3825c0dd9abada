import { z } from 'zod';
import type { DiscoveredField } from './discovered.js';
import { connectionsSchema, eitherUnitSchema, masterUnitSchema, pairSchema, segmentUnitSchema } from './schema.js';

type JsonSchema = { readonly [key: string]: unknown };

/** What is known of a pair besides its language; lets an editor complete sides, objects and real field names. */
export type EditorContext = {
  readonly connections?: readonly string[];
  readonly sides?: readonly {
    readonly name: string;
    /** Undefined: the side's object was never discovered, so any name is accepted. */
    readonly fields: readonly DiscoveredField[] | undefined;
  }[];
};

function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  return rest;
}

const dialect = 'http://json-schema.org/draft-07/schema#';

/** JSON Schema (draft-7) of pairs/*.yaml for editors; with a context, for one pair and its real fields. */
export function pairSchemaJson(context: EditorContext = {}): JsonSchema {
  const base = z.toJSONSchema(pairSchema, { io: 'input', target: 'draft-7' }) as JsonSchema & {
    readonly properties: { readonly [key: string]: JsonSchema };
  };
  const { sides, connections } = context;
  const properties = { ...base.properties };
  if (connections !== undefined) properties['systems'] = systemsSchema(properties['systems'] ?? {}, connections);
  if (sides !== undefined && sides.length > 0) {
    properties['masters'] = mastersJson(properties['masters'] ?? {}, sides);
    for (const section of ['creates', 'deletes']) properties[section] = perSide(properties[section] ?? {}, sides);
  }
  return { ...base, $schema: dialect, title: 'Parley pair', properties };
}

/** JSON Schema (draft-7) of connections.yaml for editors. */
export function connectionsSchemaJson(): JsonSchema {
  return { $schema: dialect, title: 'Parley connections', ...jsonSchema(connectionsSchema) };
}

function systemsSchema(systems: JsonSchema, connections: readonly string[]): JsonSchema {
  const side = systems['additionalProperties'] as JsonSchema & {
    readonly properties: { readonly [key: string]: JsonSchema };
  };
  const object = { ...side.properties['object'], pattern: `^(${connections.join('|')})/.+` };
  return { ...systems, additionalProperties: { ...side, properties: { ...side.properties, object } } };
}

type Sides = NonNullable<EditorContext['sides']>;

function perSide(section: JsonSchema, sides: Sides): JsonSchema {
  const { additionalProperties: word, propertyNames: _names, ...rest } = section;
  const known = Object.fromEntries(sides.map((side) => [side.name, word]));
  return {
    ...rest,
    properties: { ...(rest['properties'] as object | undefined), ...known },
    additionalProperties: false,
  };
}

function mastersJson(masters: JsonSchema, sides: Sides): JsonSchema {
  const under = (unit: z.ZodType): JsonSchema => {
    const { definitions: _shared, ...shape } = jsonSchema(unit);
    return { type: 'object', additionalProperties: withFields(shape, sides) };
  };
  return {
    ...masters,
    properties: {
      ...Object.fromEntries(sides.map((side) => [side.name, under(masterUnitSchema)])),
      either: under(eitherUnitSchema),
    },
    // The names of segments, which the file itself declares.
    additionalProperties: under(segmentUnitSchema),
  };
}

/** A unit whose sides take the real fields. A nested field is completed by its first part. */
function withFields(unit: JsonSchema, sides: Sides): JsonSchema {
  const { additionalProperties: anyPaths, ...rest } = unit;
  const known = sides.map((side) => [side.name, side.fields === undefined ? anyPaths : pathsOf(side.fields)]);
  return {
    ...rest,
    properties: { ...(rest['properties'] as object), ...Object.fromEntries(known) },
    additionalProperties: false,
  };
}

function pathsOf(fields: readonly DiscoveredField[]): JsonSchema {
  const nested = fields.filter((field) => /^json/i.test(field.type)).map((field) => escapePattern(field.name));
  const one = {
    anyOf: [
      ...fields.map((field) => ({
        const: field.name,
        description: `${field.type}${field.writable ? '' : ', read only'}`,
      })),
      ...(nested.length === 0 ? [] : [{ type: 'string', pattern: `^(${nested.join('|')})\\..+` }]),
    ],
  };
  return { anyOf: [...one.anyOf, { type: 'array', items: one, minItems: 1 }] };
}

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
