import { z } from 'zod';

/**
 * `.parley/schema/<connection>.json`: what a connection's objects looked like when they were last read. `discover`
 * writes it and `check` reads it, so that field names can be checked while nothing is contacted.
 */
const fieldSchema = z.object({ name: z.string(), type: z.string(), writable: z.boolean(), nullable: z.boolean() });

const objectSchema = z.object({
  object: z.string(),
  fields: z.array(fieldSchema),
  key: z.array(z.string()),
  writeClass: z.enum(['W0', 'W1', 'W2', 'W3', 'W4', 'W5']),
  createClass: z.enum(['C0', 'C1', 'C2', 'C3']),
  reads: z.enum(['feed', 'full']),
  deletes: z.enum(['feed', 'listing']),
  fingerprint: z.string(),
});

export const discoveredSchema = z.object({
  connection: z.string(),
  /** ISO 8601 with a zone. */
  readAt: z.iso.datetime({ offset: true }),
  objects: z.record(z.string(), objectSchema),
});

export type Discovered = z.output<typeof discoveredSchema>;
export type DiscoveredObject = z.output<typeof objectSchema>;
export type DiscoveredField = z.output<typeof fieldSchema>;

/** The text of a discovered file. @returns undefined when it is not one. */
export function parseDiscovered(text: string): Discovered | undefined {
  try {
    return discoveredSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
