import { z } from 'zod';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import { problemSchema } from './problem.js';
import {
  countSchema,
  flagSchema,
  idSchema,
  keySchema,
  momentSchema,
  pairNameSchema,
  revisionIdSchema,
  sideNameSchema,
  unitNameSchema,
} from './values.js';

const hash = z.string().regex(/^[0-9a-f]*$/);
const proof = z.array(hash).optional();
const ms = z.int();

/** An entry as it is hashed: moments are epoch milliseconds, vectors are text. */
const exportedEntrySchema = z.object({
  pair: pairNameSchema,
  seq: idSchema,
  atMs: ms,
  kind: z.string(),
  entity: idSchema.nullable(),
  side: sideNameSchema.nullable(),
  units: z.array(unitNameSchema),
  actor: z.string(),
  rule: z.string(),
  revision: revisionIdSchema,
  source: z.string(),
  dot: z.string().nullable(),
  vvBefore: z.string(),
  vvAfter: z.string(),
  lo: ms.nullable(),
  hi: ms.nullable(),
  run: idSchema.nullable(),
  delivery: idSchema.nullable(),
  commitment: hash,
  leaf: hash,
}) as z.ZodType as z.ZodType<LedgerEntry>;

const sealedSchema = z
  .object({ nonce: z.string(), text: z.string() })
  .nullable()
  .meta({ description: 'Nonce and text whose SHA-256, joined by a colon, is `commitment`' });

/** A line of an exported ledger: the first is of `ledger`, the last of `end`; `proof` only in the export of one record. */
export const exportLineSchema = z
  .discriminatedUnion('line', [
    z.object({
      line: z.literal('ledger'),
      schema: z.literal('parley.ledger-export/1'),
      pair: pairNameSchema,
      exportedAtMs: ms,
      size: countSchema,
      record: z.object({ side: sideNameSchema, key: keySchema, entity: idSchema }).nullable(),
      publicKey: z.string().nullable(),
    }),
    z.object({ line: z.literal('entry'), entry: exportedEntrySchema, sealed: sealedSchema, proof }),
    z.object({ line: z.literal('checkpoint'), note: z.string(), proof }),
    z.object({ line: z.literal('retired'), cut: countSchema, beforeMs: ms, file: z.string(), sha256: hash }),
    z.object({ line: z.literal('leaves'), first: idSchema, leaves: z.array(hash) }),
    z.object({ line: z.literal('kept'), entry: exportedEntrySchema, sealed: sealedSchema }),
    z.object({ line: z.literal('end'), entries: countSchema, root: hash }),
    z.object({ line: z.literal('problem'), problem: problemSchema }),
  ])
  .meta({ id: 'LedgerExportLine' });

export const exportQuerySchema = z.object({
  values: flagSchema.optional().meta({ description: 'false: commitments only, no value of a record' }),
  side: sideNameSchema
    .optional()
    .meta({ description: 'With `key`: only the entries of this record, each with its proof' }),
  key: keySchema.optional(),
});

export const exportVerificationSchema = z.object({
  ok: z.boolean(),
  pair: pairNameSchema,
  record: z.string().nullable(),
  entries: countSchema,
  /** The first entry that is in the file: those before were retired to another one. */
  from: countSchema,
  withValues: countSchema,
  unsigned: countSchema,
  root: z.string(),
  checkpoints: z.object({
    compared: countSchema,
    newest: z.object({ size: countSchema, root: z.string(), at: momentSchema }).nullable(),
    publicKey: z.string().nullable(),
  }),
  problems: z.array(z.object({ seq: idSchema.nullable(), entity: idSchema.nullable(), what: z.string() })),
});

export type ExportLineView = z.infer<typeof exportLineSchema>;
export type ExportQuery = z.infer<typeof exportQuerySchema>;
export type ExportVerificationView = z.infer<typeof exportVerificationSchema>;
