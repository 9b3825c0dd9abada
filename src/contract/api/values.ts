import { z } from 'zod';
import type { Json } from '../../core/json.js';
import { questionKinds } from '../../core/question.js';

/** Schemas of the small things that every noun of the API is made of. Names are those of the files, SQL and commands. */

const anyJson = z
  .unknown()
  .meta({ id: 'Json', description: 'Any JSON value. Money and exact numbers are decimal text.' });
/** Bodies are parsed from JSON text, so whatever arrives is JSON: checking it again would cost and find nothing. */
export const jsonSchema = anyJson as z.ZodType as z.ZodType<Json>;

/** A moment as ISO 8601 text in UTC, with milliseconds. */
export const momentSchema = z.iso
  .datetime()
  .meta({ description: 'ISO 8601 with Z', examples: ['2026-05-03T09:12:00.000Z'] });
export const pairNameSchema = z
  .string()
  .min(1)
  .max(63)
  .meta({ description: 'The pair: the name of its file', examples: ['suppliers'] });
export const sideNameSchema = z
  .string()
  .min(1)
  .max(63)
  .meta({ description: 'The name a side carries in the file', examples: ['crm'] });
export const unitNameSchema = z
  .string()
  .min(1)
  .meta({ description: 'The shared name of a field or group', examples: ['address'] });
export const keySchema = z
  .string()
  .min(1)
  .meta({ description: "A record's key in its own system; JSON array text when composite" });
export const idSchema = z.int().nonnegative();
export const countSchema = z.int().nonnegative();
export const revisionIdSchema = z.string().meta({ description: 'Hash of the configuration that decided' });
export const vectorSchema = z.string().meta({ description: 'A version vector as text', examples: ['crm#1:3 erp#1:1'] });

/** Something said for each side, by the side's name. */
export const bySide = <Schema extends z.ZodType>(schema: Schema) => z.record(z.string(), schema);
/** Counts by a word. */
export const countsSchema = z.record(z.string(), countSchema);

export const modeSchema = z.enum(['new', 'active', 'held', 'paused', 'draining']).meta({ id: 'PairMode' });
export const standingSchema = z
  .enum([
    'agreed',
    'undecided',
    'on_its_way',
    'waiting',
    'paced',
    'asked',
    'tripped',
    'parked',
    'refused',
    'hidden',
    'held',
    'one_sided',
    'override',
    'gone',
    'archived',
  ])
  .meta({ id: 'Standing', description: 'Where a record stands between its sides' });
export const conflictKindSchema = z.enum(questionKinds).meta({ id: 'ConflictKind' });
export const conflictStateSchema = z.enum(['open', 'decided', 'closed']).meta({ id: 'ConflictState' });

/** A yes or no in a query string. */
export const flagSchema = z.enum(['true', 'false']);
