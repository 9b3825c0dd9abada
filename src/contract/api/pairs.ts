import { z } from 'zod';
import { pageOf } from './paging.js';
import { planSchema } from './plans.js';
import { runSchema } from './runs.js';
import {
  conflictKindSchema,
  countSchema,
  countsSchema,
  keySchema,
  modeSchema,
  momentSchema,
  pairNameSchema,
  revisionIdSchema,
  sideNameSchema,
  standingSchema,
} from './values.js';

/** The one word that says how a pair is. `reason` says why. */
export const healthWordSchema = z
  .enum(['Stopped', 'Needs you', 'Refusing', 'Late', 'Catching up', 'Healthy', 'Paused', 'Draining', 'Held', 'New'])
  .meta({ id: 'HealthWord' });
export type HealthWord = z.infer<typeof healthWordSchema>;

const pairSideSchema = z.object({
  name: sideNameSchema,
  connection: z.string(),
  object: z.string(),
  readAt: momentSchema.nullable().meta({ description: 'When the last complete read began' }),
  problem: z.string().nullable().meta({ description: 'Why it could not be read, or was read and not believed' }),
  problemSince: momentSchema.nullable(),
  writeProblem: z.string().nullable().meta({ description: 'Why what waits for it could not be written' }),
  writeProblemSince: momentSchema.nullable(),
});

/** Records that differ are always broken down by reason. What rules allow to differ stands apart. */
const agreementSchema = z
  .object({
    percent: z.string().meta({ description: 'Rounded down: 100.00 means that nothing differs', examples: ['99.66'] }),
    agreed: countSchema,
    of: countSchema.meta({ description: 'Records that should agree: `agreed` and everything under `differ`' }),
    differ: z.object({
      undecided: countSchema,
      onItsWay: countSchema,
      waiting: countSchema,
      paced: countSchema,
      asked: countSchema,
      tripped: countSchema,
      parked: countSchema,
      refused: countSchema,
      hidden: countSchema,
      held: countSchema,
    }),
    allowed: z.object({ oneSided: countSchema, override: countSchema }),
  })
  .meta({ id: 'Agreement' });

export const pairSchema = z
  .object({
    pair: pairNameSchema,
    about: z.string(),
    owner: z.string(),
    state: healthWordSchema,
    reason: z.string().meta({ description: 'Why the state is what it is, and what to do, in one sentence' }),
    since: momentSchema.nullable().meta({ description: 'Since when, where that is known' }),
    mode: modeSchema,
    halt: z.object({ reason: z.string(), counts: countsSchema, at: momentSchema }).nullable(),
    everyMs: countSchema,
    sides: z.array(pairSideSchema),
    revision: z.object({ active: revisionIdSchema.nullable(), latest: revisionIdSchema, differs: z.boolean() }),
    linked: countSchema,
    standings: z.record(standingSchema, countSchema),
    agreement: agreementSchema,
    oldestUndeliveredAt: momentSchema.nullable(),
    openConflicts: z.record(conflictKindSchema, countSchema),
    openConflictsTotal: countSchema,
    setAside: countSchema,
    lastRun: runSchema.nullable(),
    openPlan: planSchema.nullable(),
    ledgerSize: countSchema,
    lastVerifiedAt: momentSchema.nullable(),
    now: momentSchema.meta({ description: "The hub's clock when this was read: ages are measured against it" }),
  })
  .meta({ id: 'Pair' });
export const pairListSchema = z.object({ rows: z.array(pairSchema) }).meta({ id: 'PairList' });

export const revisionTextSchema = z.object({ id: revisionIdSchema, text: z.string() });
export const pairRevisionSchema = z
  .object({
    pair: pairNameSchema,
    active: revisionTextSchema.nullable().meta({ description: 'What decides now; null before the first applied plan' }),
    latest: revisionTextSchema,
    differs: z.boolean(),
  })
  .meta({ id: 'PairRevision' });

export const setAsideSchema = z
  .object({ side: sideNameSchema, place: z.string(), reason: z.string(), key: keySchema.nullable(), at: momentSchema })
  .meta({ id: 'SetAside' });
export const setAsidePageSchema = pageOf(setAsideSchema).meta({ id: 'SetAsidePage' });

/** One line of the answer to a full comparison: progress while it runs, then one result or one problem. */
export const verificationSchema = z
  .object({
    pair: pairNameSchema,
    ok: z.boolean(),
    compared: countSchema,
    agree: countSchema,
    differences: countsSchema,
    unexplained: z.array(
      z.object({ side: sideNameSchema, key: keySchema, unit: z.string().nullable(), what: z.string() }),
    ),
    ms: z.number().nonnegative(),
  })
  .meta({ id: 'Verification' });

export type SetAsideView = z.infer<typeof setAsideSchema>;
export type PairView = z.infer<typeof pairSchema>;
export type VerificationView = z.infer<typeof verificationSchema>;
/** What a person can ask of a running pair, besides a cycle now. */
export const modeChanges = ['hold', 'pause', 'drain', 'resume'] as const;
export type ModeChange = (typeof modeChanges)[number];
