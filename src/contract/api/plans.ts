import { z } from 'zod';
import { pageOf, pageQuerySchema } from './paging.js';
import {
  bySide,
  countSchema,
  countsSchema,
  flagSchema,
  idSchema,
  jsonSchema,
  keySchema,
  momentSchema,
  pairNameSchema,
  revisionIdSchema,
  sideNameSchema,
  unitNameSchema,
} from './values.js';

const planSideSchema = z.object({
  create: countSchema,
  update: countSchema,
  blank: countSchema,
  delete: countSchema,
  archive: countSchema.optional(),
  unarchive: countSchema.optional(),
});

/** The summary of a plan, as the first screen of `parley plan` shows it. */
export const planCountsSchema = z
  .object({
    sides: bySide(planSideSchema),
    units: countsSchema.meta({ description: 'Updates by unit' }),
    link: countSchema,
    likely: countSchema.meta({ description: 'Records that a likely rule would link' }),
    ask: countsSchema.meta({ description: 'Questions by kind and unit' }),
    shapes: countSchema,
    oneSided: countsSchema,
    alike: countsSchema,
    override: countsSchema,
    setAside: countSchema,
    movedOn: countSchema,
    waiting: countSchema.optional().meta({ description: 'Records that wait for records of other pairs' }),
  })
  .meta({ id: 'PlanCounts' });

export const planSchema = z
  .object({
    id: idSchema,
    pair: pairNameSchema,
    revision: revisionIdSchema,
    state: z.enum(['reading', 'deciding', 'ready', 'applying', 'applied', 'expired', 'failed', 'superseded']),
    counts: planCountsSchema.nullable(),
    asOf: bySide(momentSchema).nullable().meta({ description: 'How old the data of each side is' }),
    createdAt: momentSchema,
    createdBy: z.string(),
    expiresAt: momentSchema.nullable(),
    approvedBy: z.string().nullable(),
    progress: z.object({ done: countSchema, total: countSchema.nullable(), text: z.string() }).nullable(),
    problem: z.string().nullable(),
    undo: z
      .object({ what: z.string(), note: z.string().nullable() })
      .nullable()
      .meta({ description: 'What the plan takes back, and why; null for a plan of agreement' }),
  })
  .meta({ id: 'Plan' });

/** What is to be taken back: exactly one of a decision, an entry, a run, or the last change of a record. */
export const undoRequestSchema = z
  .strictObject({
    pair: pairNameSchema,
    conflict: idSchema.optional(),
    entry: idSchema.optional(),
    run: idSchema.optional(),
    record: z
      .strictObject({
        side: sideNameSchema,
        key: keySchema,
        to: idSchema
          .optional()
          .meta({ description: 'Back to what it was after this entry; else before its last change' }),
      })
      .optional(),
    note: z.string().max(2000).nullable().default(null).meta({ description: 'Why; kept in the ledger' }),
  })
  .refine(
    ({ conflict, entry, run, record }) =>
      [conflict, entry, run, record].filter((one) => one !== undefined).length === 1,
    'name exactly one of conflict, entry, run and record',
  )
  .meta({ id: 'UndoRequest' });
export const planPageSchema = pageOf(planSchema).meta({ id: 'PlanPage' });
export const planQuerySchema = pageQuerySchema.extend({ pair: pairNameSchema.optional() });
export const planRequestSchema = z.object({ pair: pairNameSchema }).meta({ id: 'PlanRequest' });

export const planItemKindSchema = z.enum(['link', 'create', 'update', 'delete', 'archive', 'unarchive', 'ask', 'left']);
export const planItemSchema = z
  .object({
    seq: idSchema,
    entity: idSchema,
    kind: planItemKindSchema,
    side: sideNameSchema.nullable().meta({ description: 'The side that would be written; null for a question' }),
    key: keySchema,
    label: z.string(),
    unit: unitNameSchema.nullable(),
    before: jsonSchema,
    after: jsonSchema,
    rule: z.string(),
    shape: z
      .string()
      .nullable()
      .meta({ description: 'Questions of one shape can be decided together; null for a write' }),
  })
  .meta({ id: 'PlanItem' });
export const planItemPageSchema = pageOf(planItemSchema).meta({ id: 'PlanItemPage' });
export const planItemQuerySchema = pageQuerySchema.extend({
  kind: planItemKindSchema.optional(),
  unit: unitNameSchema.optional(),
  blankOnly: flagSchema.optional().meta({ description: 'Only items that would blank a value' }),
});

export type UndoRequest = z.input<typeof undoRequestSchema>;
export type PlanView = z.infer<typeof planSchema>;
export type PlanItemView = z.infer<typeof planItemSchema>;
export type PlanQuery = z.input<typeof planQuerySchema>;
export type PlanItemQuery = z.input<typeof planItemQuerySchema>;
