import { z } from 'zod';

const archiveValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const archiveSchema = z
  .strictObject({
    set: z.record(z.string(), archiveValue).meta({
      description: 'What an archived record holds, by field; now: the moment it is archived.',
    }),
    restore: z.record(z.string(), archiveValue).optional().meta({
      description: 'What fields that no unit has hold again when the record is back. Of now: a blank, unless said.',
    }),
  })
  .meta({ description: 'How a record of this side is archived when one that says "deletes: archive" deleted it.' });
