import { z } from 'zod';
import {
  conflictGroupPageSchema,
  conflictPageSchema,
  conflictSchema,
  decideAlikeAnswerSchema,
  decideAnswerSchema,
} from '../contract/api/conflicts.js';
import { pairEventSchema, verifyEventSchema } from '../contract/api/events.js';
import { ledgerEntrySchema, ledgerPageSchema, ledgerVerificationSchema } from '../contract/api/ledger.js';
import { pairListSchema, pairSchema, setAsideSchema, verificationSchema } from '../contract/api/pairs.js';
import { exportVerificationSchema } from '../contract/api/ledger-export.js';
import { planItemPageSchema, planItemSchema, planPageSchema, planSchema } from '../contract/api/plans.js';
import {
  conflictDetailSchema,
  eraseAnswerSchema,
  linkAnswerSchema,
  unlinkAnswerSchema,
  recordAsOfSchema,
  recordDeliverySchema,
  recordPageSchema,
  recordSchema,
} from '../contract/api/records.js';
import { cycleSchema } from '../contract/api/runs.js';
import { countsSchema, pairNameSchema } from '../contract/api/values.js';
import { discoveredSchema } from '../contract/config/discovered.js';

/** The data of each command's `--json`, under `parley.<command>/1`. Null when the command failed. */
const shapeSchema = z.object({ unit: z.string().nullable(), label: z.string(), count: z.int() });
const planSummary = z.object({ plan: planSchema, sample: z.array(planItemSchema), shapes: z.array(shapeSchema) });
const ended = z.null();

export const jsonData = {
  serve: ended,
  dev: ended,
  demo: ended,
  doctor: z.object({
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), fix: z.string().nullable() })),
  }),
  init: z.object({ folder: z.string(), written: z.array(z.string()) }),
  discover: z.object({ written: z.array(z.string()), connections: z.array(discoveredSchema) }),
  check: z.object({
    files: z.array(z.string()),
    pairs: z.array(z.object({ pair: pairNameSchema, file: z.string(), revision: z.string() })),
    notes: z.array(z.string()),
  }),
  plan: planSummary,
  'plan-show': planSummary.extend({ items: planItemPageSchema.shape.rows.nullable() }),
  'plan-list': planPageSchema,
  undo: planSummary,
  apply: z.object({ plan: planSchema, counts: countsSchema, ms: z.number() }),
  run: cycleSchema.extend({ pair: pairNameSchema }),
  status: pairListSchema.extend({ setAside: z.array(setAsideSchema).optional() }),
  watch: ended,
  'review-list': z.union([conflictGroupPageSchema, conflictPageSchema]),
  'review-show': conflictDetailSchema,
  'review-decide': decideAnswerSchema.extend({ before: conflictSchema }),
  'review-bulk': decideAlikeAnswerSchema.extend({ dryRun: z.boolean() }),
  'record-list': recordPageSchema,
  'record-show': z.union([recordSchema, recordAsOfSchema]),
  'record-erase': eraseAnswerSchema,
  'record-link': linkAnswerSchema,
  'record-unlink': unlinkAnswerSchema,
  'record-blame': z.object({ record: recordSchema, unit: z.string(), entries: z.array(ledgerEntrySchema) }),
  'record-log': ledgerPageSchema.extend({ deliveries: z.array(recordDeliverySchema) }),
  verify: verificationSchema,
  'ledger-list': ledgerPageSchema,
  'ledger-show': ledgerEntrySchema,
  'ledger-verify': z.union([ledgerVerificationSchema, exportVerificationSchema]),
  'ledger-export': z.object({
    file: z.string(),
    pair: pairNameSchema,
    entries: z.int(),
    checkpoints: z.int(),
    root: z.string(),
  }),
  'ledger-retain': z.object({
    before: z.string(),
    months: z.array(z.string()),
    done: z.boolean(),
    folder: z.string(),
    problems: z.array(z.string()),
    pairs: z.array(
      z.object({
        pair: pairNameSchema,
        from: z.int(),
        cut: z.int(),
        records: z.int(),
        signed: z.boolean(),
        problems: z.array(z.string()),
        file: z.string().nullable(),
        sha256: z.string().nullable(),
      }),
    ),
  }),
  hold: pairSchema,
  'token-add': z.object({ name: z.string(), role: z.string(), token: z.string() }),
  'keys-rotate': z.object({ rewrapped: z.int() }),
  pause: pairSchema,
  drain: pairSchema,
  resume: pairSchema,
} as const satisfies Record<string, z.ZodType>;

export type CommandName = keyof typeof jsonData;

const problem = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  file: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  endColumn: z.int().optional(),
});

/** What the last line of `--json` is, for every command. */
export const jsonResult = (command: CommandName) =>
  z.object({
    schema: z.literal(`parley.${command}/1`),
    ok: z.boolean(),
    exit: z.int(),
    data: jsonData[command].nullable(),
    problems: z.array(problem),
  });

/** The lines before the last one, of commands that take a while. */
export const jsonEvents = {
  plan: z.object({ event: z.literal('progress'), plan: planSchema }),
  apply: z.object({ event: z.literal('progress'), plan: planSchema, written: countsSchema }),
  verify: verifyEventSchema,
  watch: pairEventSchema,
} as const;
