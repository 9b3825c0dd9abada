import { z } from 'zod';
import { pageOf, pageQuerySchema } from './paging.js';
import { countSchema, countsSchema, idSchema, momentSchema, pairNameSchema, sideNameSchema } from './values.js';

export const runSchema = z
  .object({
    pair: pairNameSchema,
    id: idSchema,
    kind: z.string().meta({ description: 'poll, plan, apply, verify or decide' }),
    startedAt: momentSchema,
    endedAt: momentSchema.nullable(),
    result: z.enum(['running', 'done', 'partly', 'failed', 'halted']),
    counts: countsSchema,
    problem: z.string().nullable(),
  })
  .meta({ id: 'Run' });
export const runPageSchema = pageOf(runSchema).meta({ id: 'RunPage' });
export const runQuerySchema = pageQuerySchema.extend({ pair: pairNameSchema.optional() });

/** A side that could not be read or written: the rest of the pair went on. */
export const sideTroubleSchema = z
  .object({
    side: sideNameSchema,
    doing: z.enum(['read', 'written']),
    code: z.string(),
    text: z.string(),
    since: momentSchema,
  })
  .meta({ id: 'SideTrouble' });

/** What one cycle did: the answer to "run now". */
export const cycleSchema = z
  .object({
    read: countSchema,
    edited: countSchema,
    created: countSchema,
    deleted: countSchema,
    asked: countSchema,
    written: countSchema,
    refused: countSchema,
    setAside: countSchema,
    halted: z.boolean(),
    problem: z.string().nullable(),
    troubles: z.array(sideTroubleSchema),
  })
  .meta({ id: 'Cycle' });

export type RunView = z.infer<typeof runSchema>;
export type RunQuery = z.input<typeof runQuerySchema>;
export type SideTroubleView = z.infer<typeof sideTroubleSchema>;
export type CycleView = z.infer<typeof cycleSchema>;
