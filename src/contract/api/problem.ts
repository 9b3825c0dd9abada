import { z } from 'zod';

/** Media type of every error body (RFC 9457). */
export const problemMediaType = 'application/problem+json';

/** What an error answer says. `code` is stable and the only part that programs should compare. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'Names the kind of problem; `urn:parley:` and the code' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ examples: ['conflict.changed'] }),
    detail: z.string(),
    hint: z.string().optional().meta({ description: 'The next step, as a sentence or a command' }),
    requestId: z.string().meta({ description: 'Names this request in the log of the server' }),
    /** Only for `request.invalid`. */
    problems: z
      .array(
        z.object({
          in: z.enum(['body', 'query', 'path', 'header']),
          pointer: z.string().meta({ description: 'JSON Pointer into that part' }),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
