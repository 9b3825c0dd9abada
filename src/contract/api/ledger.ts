import { z } from 'zod';
import { pageOf } from './paging.js';
import {
  bySide,
  countSchema,
  idSchema,
  jsonSchema,
  momentSchema,
  pairNameSchema,
  revisionIdSchema,
  sideNameSchema,
  unitNameSchema,
  vectorSchema,
} from './values.js';

const patchSchema = z
  .array(
    z.object({
      op: z.enum(['add', 'replace', 'remove']),
      path: z.string(),
      value: jsonSchema.optional(),
    }),
  )
  .meta({ id: 'Patch', description: 'RFC 6902 operations' });

const effectSchema = z.object({
  unit: unitNameSchema,
  before: jsonSchema,
  after: jsonSchema,
  vvBefore: vectorSchema,
  vvAfter: vectorSchema,
  ctx: bySide(vectorSchema).meta({ description: 'Sides whose delivered context rose, and to what' }),
});

/** The part that holds values; null after an erasure, which leaves the row and its proof standing. */
export const ledgerPayloadSchema = z
  .object({
    nonce: z.string(),
    text: z.string().meta({ description: 'The exact text that `commitment` proves, with the nonce' }),
    patch: patchSchema,
    inverse: patchSchema,
    effects: z.array(effectSchema),
    detail: z.record(z.string(), jsonSchema),
  })
  .meta({ id: 'LedgerPayload' });

export const ledgerEntrySchema = z
  .object({
    pair: pairNameSchema,
    seq: idSchema,
    at: momentSchema,
    kind: z.string().meta({ examples: ['edited'] }),
    entity: idSchema.nullable(),
    side: sideNameSchema.nullable(),
    units: z.array(unitNameSchema),
    actor: z.string(),
    rule: z.string(),
    revision: revisionIdSchema,
    source: z.string(),
    dot: z.string().nullable(),
    vvBefore: vectorSchema,
    vvAfter: vectorSchema,
    lo: momentSchema.nullable().meta({ description: 'The earliest moment the edit can have been made' }),
    hi: momentSchema.nullable().meta({ description: 'The latest; equal to `lo` when the moment is known exactly' }),
    run: idSchema.nullable(),
    delivery: idSchema.nullable(),
    commitment: z.string(),
    leaf: z.string(),
    payload: ledgerPayloadSchema.nullable(),
  })
  .meta({ id: 'LedgerEntry' });

export const retiredSchema = z
  .object({
    entries: countSchema.meta({ description: 'How many entries of the beginning are not here any more' }),
    before: momentSchema.meta({ description: 'They were made before this moment' }),
    file: z.string().meta({ description: 'The file that has them, by its name' }),
    sha256: z.string(),
  })
  .meta({ id: 'RetiredEntries', description: 'The beginning of a ledger that was taken out of the database' });

export const ledgerPageSchema = pageOf(ledgerEntrySchema)
  .extend({ retired: retiredSchema.nullable().meta({ description: 'Only on the last page: what came before it' }) })
  .meta({ id: 'LedgerPage' });

export const ledgerVerificationSchema = z
  .object({
    pair: pairNameSchema,
    ok: z.boolean(),
    entries: countSchema,
    retired: retiredSchema.nullable(),
    root: z
      .string()
      .meta({ description: 'Root of the Merkle log: keep it elsewhere to prove later that nothing changed' }),
    entities: countSchema,
    problems: z.array(z.object({ seq: idSchema.nullable(), entity: idSchema.nullable(), what: z.string() })),
    checkpoints: z.object({
      configured: z.boolean(),
      compared: countSchema.meta({ description: 'How many signed checkpoints the log was held against' }),
      newest: z.object({ size: countSchema, root: z.string(), at: momentSchema }).nullable(),
      publicKey: z.string().nullable(),
    }),
  })
  .meta({ id: 'LedgerVerification' });

export type LedgerEntryView = z.infer<typeof ledgerEntrySchema>;
export type LedgerPayloadView = z.infer<typeof ledgerPayloadSchema>;
export type LedgerPageView = z.infer<typeof ledgerPageSchema>;
export type RetiredView = z.infer<typeof retiredSchema>;
export type LedgerVerificationView = z.infer<typeof ledgerVerificationSchema>;
