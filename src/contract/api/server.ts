import { z } from 'zod';

export const healthSchema = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/** Whether everything that the server needs is there. Reasons are codes and plain sentences, nothing secret. */
export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.array(
      z.object({
        name: z.enum(['store', 'runner', 'workers']),
        ok: z.boolean(),
        code: z.string().nullable(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'Readiness' });

export type HealthView = z.infer<typeof healthSchema>;
export type ReadinessView = z.infer<typeof readinessSchema>;
