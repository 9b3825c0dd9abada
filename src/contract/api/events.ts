import { z } from 'zod';
import { ledgerEntrySchema } from './ledger.js';
import { pairSchema, verificationSchema } from './pairs.js';
import { problemSchema } from './problem.js';
import { countSchema, momentSchema } from './values.js';

/** Media type of streamed answers: one JSON object a line, tagged by `event`. */
export const eventMediaType = 'application/x-ndjson';

const problemEvent = z.object({ event: z.literal('problem'), problem: problemSchema });

/** A line of `watch`: the pair's state when it changes, each new ledger entry, and a sign of life between. */
export const pairEventSchema = z
  .discriminatedUnion('event', [
    z.object({ event: z.literal('status'), status: pairSchema }),
    z.object({ event: z.literal('entry'), entry: ledgerEntrySchema }),
    z.object({ event: z.literal('alive'), at: momentSchema }),
    problemEvent,
  ])
  .meta({ id: 'PairEvent' });

/** A line of a full comparison: progress while it runs, then one result or one problem. */
export const verifyEventSchema = z
  .discriminatedUnion('event', [
    z.object({ event: z.literal('progress'), done: countSchema }),
    z.object({ event: z.literal('result'), result: verificationSchema }),
    problemEvent,
  ])
  .meta({ id: 'VerifyEvent' });

export const eventQuerySchema = z.object({
  after: z.coerce
    .number<number>()
    .int()
    .min(-1)
    .optional()
    .meta({ description: 'The last ledger position already seen; -1 for all; without it, from now on' }),
});

export type PairEvent = z.infer<typeof pairEventSchema>;
export type VerifyEvent = z.infer<typeof verifyEventSchema>;
