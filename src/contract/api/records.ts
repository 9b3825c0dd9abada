import { z } from 'zod';
import { conflictSchema } from './conflicts.js';
import { pageOf, pageQuerySchema } from './paging.js';
import {
  bySide,
  countSchema,
  idSchema,
  jsonSchema,
  keySchema,
  momentSchema,
  pairNameSchema,
  sideNameSchema,
  standingSchema,
  unitNameSchema,
  vectorSchema,
} from './values.js';

export const recordRowSchema = z
  .object({ entity: idSchema, standing: standingSchema, keys: bySide(keySchema), changedAt: momentSchema })
  .meta({ id: 'RecordRow' });
export const recordPageSchema = pageOf(recordRowSchema).meta({ id: 'RecordPage' });
export const recordQuerySchema = pageQuerySchema.extend({
  standing: standingSchema.optional(),
  key: z.string().optional().meta({ description: 'How a key begins, on any side' }),
});

/** Blame: where the agreed value of a unit comes from. `seq` is the ledger entry of the winning edit. */
const blameSchema = z.object({
  seq: idSchema,
  at: momentSchema,
  side: sideNameSchema.nullable(),
  actor: z.string(),
  rule: z.string(),
  lo: momentSchema.nullable(),
  hi: momentSchema.nullable(),
});

const recordUnitSchema = z.object({
  unit: unitNameSchema,
  master: z.string(),
  place: z.string().meta({ description: 'Where the rule stands', examples: ['pairs/suppliers.yaml:14'] }),
  agreed: jsonSchema,
  sides: bySide(jsonSchema),
  status: z.string(),
  from: blameSchema.nullable(),
  sentences: z.array(z.string()),
  vectors: z.object({ agreed: vectorSchema, delivered: bySide(vectorSchema) }),
});

const recordSideSchema = z.object({
  key: keySchema,
  presence: z.enum(['present', 'awaited', 'gone', 'hidden', 'outside', 'duplicate', 'archived']),
  readAt: momentSchema.nullable().meta({ description: 'When it was last read, or a write to it acknowledged' }),
});

/** Everything that explains one record. */
export const recordSchema = z
  .object({
    pair: pairNameSchema,
    entity: idSchema,
    standing: z.string(),
    presence: z.enum(['live', 'delete_held', 'tombstone', 'alias']),
    hold: z.enum(['create', 'match', 'left', 'children', 'key']).nullable(),
    keys: bySide(keySchema),
    sides: bySide(recordSideSchema),
    units: z.array(recordUnitSchema),
    conflicts: z.array(conflictSchema),
  })
  .meta({ id: 'Record' });

/** A record as it was, from its history alone. */
export const recordAsOfSchema = z
  .object({
    pair: pairNameSchema,
    entity: idSchema,
    seq: idSchema.meta({ description: 'The last ledger entry about it by then' }),
    at: momentSchema,
    keys: bySide(keySchema),
    gone: z.array(sideNameSchema),
    units: z.array(
      z.object({ unit: unitNameSchema, agreed: jsonSchema, asked: z.boolean(), from: blameSchema.nullable() }),
    ),
    entries: z.object({ before: countSchema, since: countSchema }),
  })
  .meta({ id: 'RecordAsOf' });
export const asOfQuerySchema = z
  .object({
    seq: z.coerce.number<number>().int().min(0).optional().meta({ description: 'After this entry of the ledger' }),
    at: momentSchema.optional().meta({ description: 'At this moment' }),
  })
  .refine(({ seq, at }) => (seq === undefined) !== (at === undefined), 'say either seq or at');

export const eraseRequestSchema = z
  .strictObject({
    confirm: z.string().meta({ description: 'The record again, as side:key: an erasure cannot be taken back' }),
    reason: z.string().min(1).max(2000).meta({ description: 'Kept in the ledger: name no person' }),
    systems: z.enum(['delete', 'leave']).meta({ description: 'Whether the systems delete the record first' }),
  })
  .meta({ id: 'EraseRequest' });
export const eraseAnswerSchema = z
  .object({
    state: z.enum(['erased', 'deleting']).meta({ description: 'deleting: ask again when the systems have deleted it' }),
    entity: idSchema,
  })
  .meta({ id: 'EraseAnswer' });

export const linkRequestSchema = z
  .strictObject({
    to: z
      .strictObject({ side: sideNameSchema, key: z.string() })
      .meta({ description: 'The record that it is one with' }),
    note: z.string().max(2000).nullable().optional().meta({ description: 'Why; the ledger keeps it' }),
    dryRun: z.boolean().meta({ description: 'Only say what it would write and ask' }),
  })
  .meta({ id: 'LinkRequest' });
export const linkAnswerSchema = z
  .object({
    entity: idSchema.meta({ description: 'What both stand for' }),
    writes: z.array(
      z.object({ side: sideNameSchema, kind: z.string(), key: z.string(), fields: z.record(z.string(), jsonSchema) }),
    ),
    asks: z.array(z.object({ unit: z.string().nullable(), kind: z.string(), note: z.string().nullable() })),
  })
  .meta({ id: 'LinkAnswer' });

export const unlinkRequestSchema = z
  .strictObject({
    note: z.string().max(2000).nullable().optional().meta({ description: 'Why; the ledger keeps it' }),
    dryRun: z.boolean().meta({ description: 'Only say what it would write' }),
  })
  .meta({ id: 'UnlinkRequest' });
const restoredSchema = z.object({ side: sideNameSchema, unit: z.string(), from: jsonSchema, to: jsonSchema });
export const unlinkAnswerSchema = z
  .object({
    entity: idSchema,
    own: idSchema.nullable().meta({ description: 'What the record stands for from now on; null for a dry run' }),
    restored: z.array(restoredSchema).meta({ description: 'Values that go back to what they were before the link' }),
    left: z.array(z.object({ side: sideNameSchema, unit: z.string(), why: z.string() })),
  })
  .meta({ id: 'UnlinkAnswer' });

export const recordDeliverySchema = z
  .object({
    id: idSchema,
    side: sideNameSchema,
    state: z.string(),
    kind: z.string(),
    createdAt: momentSchema,
    sentAt: momentSchema.nullable(),
    doneAt: momentSchema.nullable(),
    attempt: countSchema,
    outcome: z.string(),
    fields: z.record(z.string(), jsonSchema),
  })
  .meta({ id: 'RecordDelivery' });
export const recordDeliveriesSchema = z
  .object({ rows: z.array(recordDeliverySchema) })
  .meta({ id: 'RecordDeliveries' });

/** A question with the record it is about, so that one answer holds all a person needs to decide. */
export const conflictDetailSchema = z
  .object({ conflict: conflictSchema, record: recordSchema.nullable() })
  .meta({ id: 'ConflictDetail' });

export type LinkRequest = z.input<typeof linkRequestSchema>;
export type LinkAnswer = z.infer<typeof linkAnswerSchema>;
export type UnlinkRequest = z.input<typeof unlinkRequestSchema>;
export type UnlinkAnswer = z.infer<typeof unlinkAnswerSchema>;
export type EraseRequest = z.input<typeof eraseRequestSchema>;
export type RecordAsOfView = z.infer<typeof recordAsOfSchema>;
export type RecordRowView = z.infer<typeof recordRowSchema>;
export type RecordView = z.infer<typeof recordSchema>;
export type RecordUnitView = RecordView['units'][number];
export type RecordQuery = z.input<typeof recordQuerySchema>;
export type RecordDeliveryView = z.infer<typeof recordDeliverySchema>;
export type ConflictDetailView = z.infer<typeof conflictDetailSchema>;
