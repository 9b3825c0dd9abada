import { z } from 'zod';
import { pageOf, pageQuerySchema } from './paging.js';
import { countSchema, countsSchema, idSchema, momentSchema, pairNameSchema } from './values.js';

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
  })
  .meta({ id: 'Cycle' });

export type RunView = z.infer<typeof runSchema>;
export type RunQuery = z.input<typeof runQuerySchema>;
export type CycleView = z.infer<typeof cycleSchema>;
