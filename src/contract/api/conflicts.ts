import { z } from 'zod';
import { pageOf, pageQuerySchema } from './paging.js';
import {
  bySide,
  conflictKindSchema,
  conflictStateSchema,
  countSchema,
  countsSchema,
  idSchema,
  jsonSchema,
  keySchema,
  momentSchema,
  pairNameSchema,
  revisionIdSchema,
  sideNameSchema,
  unitNameSchema,
  vectorSchema,
} from './values.js';

const conflictSideSchema = z.object({
  value: jsonSchema.meta({ description: 'As the pair compares it' }),
  raw: jsonSchema.meta({ description: 'As the system holds it' }),
  lo: momentSchema.nullable(),
  hi: momentSchema.nullable(),
});

export const conflictSchema = z
  .object({
    id: idSchema,
    pair: pairNameSchema,
    entity: idSchema,
    unit: unitNameSchema.nullable().meta({ description: 'Null for a question about the whole record' }),
    kind: conflictKindSchema,
    state: conflictStateSchema,
    shape: z.string(),
    label: z.string(),
    vv: vectorSchema.meta({ description: 'What a decision must name: it is refused when the record has moved on' }),
    agreed: jsonSchema,
    sides: bySide(conflictSideSchema),
    note: z.string().nullable(),
    rule: z.string(),
    revision: revisionIdSchema,
    openedAt: momentSchema,
    endedAt: momentSchema.nullable(),
    decidedBy: z.string().nullable(),
    choice: jsonSchema,
  })
  .meta({ id: 'Conflict' });
export const conflictPageSchema = pageOf(conflictSchema).meta({ id: 'ConflictPage' });

export const conflictGroupSchema = z
  .object({
    pair: pairNameSchema,
    kind: conflictKindSchema,
    unit: unitNameSchema.nullable(),
    shape: z.string(),
    label: z.string(),
    count: countSchema,
    exampleId: idSchema,
    oldestAt: momentSchema,
    revision: revisionIdSchema,
  })
  .meta({ id: 'ConflictGroup' });
export const conflictGroupPageSchema = pageOf(conflictGroupSchema).meta({ id: 'ConflictGroupPage' });

/** Without `state`, open ones: what waits for a person. `all` lifts that. */
export const conflictQuerySchema = pageQuerySchema.extend({
  pair: pairNameSchema.optional(),
  state: z.enum(['open', 'decided', 'closed', 'all']).default('open'),
  kind: conflictKindSchema.optional(),
  unit: unitNameSchema.optional(),
  shape: z.string().optional(),
});

/** What a person chooses. `keep` names a side; `value` types one; the others answer questions about a whole record. */
export const choiceSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('keep'), side: sideNameSchema }),
    z.strictObject({ kind: z.literal('value'), value: jsonSchema }),
    z.strictObject({ kind: z.literal('delete') }),
    z.strictObject({ kind: z.literal('restore') }),
    z.strictObject({ kind: z.literal('copy') }),
    z.strictObject({ kind: z.literal('leave') }),
    z.strictObject({ kind: z.literal('retry') }),
    z.strictObject({ kind: z.literal('link'), side: sideNameSchema, key: keySchema }),
  ])
  .meta({ id: 'Choice' });

const noteSchema = z.string().max(2000).nullable().default(null).meta({ description: 'Why; kept in the ledger' });

export const decideRequestSchema = z
  .strictObject({ vv: vectorSchema, choice: choiceSchema, note: noteSchema })
  .meta({ id: 'DecideRequest' });
export const decideAnswerSchema = z
  .object({
    conflict: conflictSchema,
    deliveries: countSchema.meta({ description: 'Pages of writes that the decision planned' }),
  })
  .meta({ id: 'DecideAnswer' });

export const decideAlikeRequestSchema = z
  .strictObject({
    like: idSchema.meta({ description: 'One conflict of the shape' }),
    choice: choiceSchema,
    dryRun: z.boolean().meta({ description: 'Only count; nothing is decided' }),
    note: noteSchema,
  })
  .meta({ id: 'DecideAlikeRequest' });
export const decideAlikeAnswerSchema = z
  .object({
    alike: countSchema,
    leftOut: countSchema,
    writes: countsSchema,
    replaced: countSchema,
    blanked: countSchema,
    sample: z.array(conflictSchema),
  })
  .meta({ id: 'DecideAlikeAnswer' });

export type ConflictView = z.infer<typeof conflictSchema>;
export type ConflictGroupView = z.infer<typeof conflictGroupSchema>;
export type ConflictQuery = z.input<typeof conflictQuerySchema>;
export type ChoiceInput = z.infer<typeof choiceSchema>;
export type DecideRequest = z.input<typeof decideRequestSchema>;
export type DecideAlikeRequest = z.input<typeof decideAlikeRequestSchema>;
export type DecideAlikeAnswer = z.infer<typeof decideAlikeAnswerSchema>;
