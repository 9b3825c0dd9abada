import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { healthOf, lateAfterMs } from '../../src/api/health-word.js';
import { agreementOf, pairView } from '../../src/api/present/pair.js';
import { pairSchema } from '../../src/contract/api/pairs.js';
import { ParleyError } from '../../src/core/errors.js';
import type { PairStatus } from '../../src/engine/read-model.js';
import type { PairMode } from '../../src/engine/store.js';
import { crm, erp, nowMs, pairRow, plan, run, status } from './sample-hub.js';

type Symptoms = {
  readonly mode?: PairMode;
  readonly halted?: boolean;
  readonly unreadable?: boolean;
  /** A side that does not answer just now, for so long. */
  readonly awayMs?: number;
  readonly unwrittenMs?: number;
  readonly isDown?: boolean;
  readonly failed?: boolean;
  readonly readAgain?: boolean;
  readonly conflicts?: Partial<PairStatus['openConflicts']>;
  readonly planReady?: 'good' | 'expired' | 'reading';
  readonly standings?: Partial<PairStatus['standings']>;
  readonly oldestMs?: number;
  readonly everyMs?: number;
  readonly workers?: number;
};

const planIn = {
  good: { expiresAtMs: nowMs + 1 },
  expired: { expiresAtMs: nowMs },
  reading: { state: 'reading', expiresAtMs: null },
} as const;

function statusWith(symptoms: Symptoms): PairStatus {
  const { mode = 'active', halted = false, unreadable = false, failed = false, planReady, oldestMs } = symptoms;
  const complete = symptoms.readAgain === true ? { tick: 8, atMs: nowMs } : null;
  const { awayMs, unwrittenMs } = symptoms;
  const lasting = { code: 'connector.source_invalid', text: 'it is half a file.', sinceMs: nowMs - 5000 } as const;
  const code = symptoms.isDown === true ? 'connector.unreachable' : 'connector.source_unstable';
  const passing = { code, text: 'it is open in a spreadsheet program.' } as const;
  const away = awayMs === undefined ? null : { ...passing, sinceMs: nowMs - awayMs };
  const writeProblem = unwrittenMs === undefined ? null : { ...passing, sinceMs: nowMs - unwrittenMs };
  const cursor = { cursor: null, pass: null, complete, problem: unreadable ? lasting : away, writeProblem };
  return {
    ...status,
    row: {
      ...pairRow,
      mode,
      halt: halted ? { reason: '40 deletes, the limit is 10.', counts: { delete: 40 }, atMs: nowMs - 1 } : null,
      cursors: { [crm]: cursor, [erp]: { ...cursor, problem: null, writeProblem: null } },
    },
    everyMs: symptoms.everyMs ?? 1000,
    standings: { ...status.standings, ...symptoms.standings },
    openConflicts: { ...status.openConflicts, ...symptoms.conflicts },
    oldestUndeliveredMs: oldestMs === undefined ? null : nowMs - oldestMs,
    lastRun: failed ? { ...run, result: 'failed', problem: 'it fell over.' } : run,
    openPlan: planReady === undefined ? null : { ...plan, ...planIn[planReady] },
  };
}

test.for<readonly [word: string, why: string, symptoms: Symptoms, reason: string]>([
  ['Stopped', 'a brake, before a decision that waits', { halted: true, conflicts: { clash: 3 } }, '40 deletes'],
  ['Stopped', 'a brake, even when paused', { halted: true, mode: 'paused' }, 'parley plan suppliers'],
  ['Stopped', 'no worker', { workers: 0, conflicts: { clash: 3 } }, 'No worker'],
  ['Stopped', 'no worker for a plan that is being made', { workers: 0, mode: 'new', planReady: 'good' }, 'No worker'],
  ['Stopped', 'a side that cannot be read', { unreadable: true }, 'crm cannot be read: it is half a file.'],
  ['Stopped', 'such a side, and not the run that failed by it', { unreadable: true, failed: true }, 'crm cannot be'],
  ['Stopped', 'a system for which a run waited in vain', { isDown: true, awayMs: 9000, failed: true }, 'crm cannot be'],
  ['Catching up', 'a system that does not answer just now', { isDown: true, awayMs: 9000 }, 'crm cannot be read'],
  [
    'Catching up',
    'the same after an older run that failed',
    { isDown: true, awayMs: 3000, failed: true },
    'crm cannot',
  ],
  [
    'Needs you',
    'a question, with the side that does not answer',
    { conflicts: { clash: 1 }, awayMs: 9e6 },
    'crm cannot be read.',
  ],
  ['Stopped', 'a failed run', { failed: true, mode: 'held' }, 'it fell over'],
  ['Needs you', 'one clash', { conflicts: { clash: 1 } }, 'A decision waits (1 clash): parley review list.'],
  [
    'Needs you',
    'several kinds, before refused writes',
    { conflicts: { clash: 2, delete: 1, create: 4, match: 1, refused: 9 } },
    '8 decisions wait (2 clashes, 1 delete, 4 new records, 1 possible match)',
  ],
  ['Needs you', 'a question of a held pair', { mode: 'held', conflicts: { clash: 2 } }, 'Writes are held.'],
  ['Needs you', 'a question of a paused pair', { mode: 'paused', conflicts: { match: 2 } }, 'The pair is paused.'],
  ['Needs you', 'a plan to approve', { mode: 'new', planReady: 'good' }, 'parley apply 7'],
  [
    'Refusing',
    'refused writes, before lateness',
    { conflicts: { refused: 2 }, oldestMs: 9e6 },
    '2 writes were refused',
  ],
  ['Refusing', 'a refused record', { standings: { refused: 1 } }, 'A write was refused'],
  ['Paused', 'whatever went wrong before', { mode: 'paused', unreadable: true, failed: true, workers: 0 }, 'resume'],
  ['Draining', 'even when late', { mode: 'draining', oldestMs: 9e6, standings: { on_its_way: 3 } }, 'Finishes'],
  ['Held', 'even when late', { mode: 'held', oldestMs: 9e6, standings: { on_its_way: 3 } }, 'not written'],
  ['New', 'without a plan, and no worker needed', { mode: 'new', workers: 0 }, 'parley plan suppliers'],
  ['New', 'with a plan that is being made', { mode: 'new', planReady: 'reading' }, 'Plan 7 is being made.'],
  ['New', 'with a plan that expired', { mode: 'new', planReady: 'expired' }, 'parley plan suppliers'],
  ['Late', 'a write that waits too long', { oldestMs: lateAfterMs + 1, standings: { on_its_way: 1 } }, '1 record is'],
  ['Catching up', 'a write that waits as long as it may', { oldestMs: lateAfterMs }, 'on the way'],
  ['Late', 'a side that does not answer for too long', { awayMs: lateAfterMs + 1 }, 'crm cannot be read: it is open'],
  [
    'Late',
    'a side that cannot be written, whatever its deliveries count',
    { unwrittenMs: lateAfterMs + 1, oldestMs: 1 },
    'crm cannot be written: it is open',
  ],
  ['Catching up', 'a side that does not answer just now', { awayMs: 10, failed: true }, 'crm cannot be read'],
  ['Healthy', 'a side that could not be written when nothing waits for it', { unwrittenMs: 9e6 }, 'Nothing is on its'],
  ['Catching up', 'a pair that is polled seldom', { oldestMs: 9 * 60_000, everyMs: 5 * 60_000 }, 'on the way'],
  ['Catching up', 'records on their way', { standings: { on_its_way: 212 } }, '212 records are on the way.'],
  ['Catching up', 'records that a plan left out', { standings: { undecided: 2 } }, 'parley plan suppliers'],
  ['Healthy', 'nothing of these', {}, 'Nothing is on its way'],
  ['Healthy', 'a failed run, when both sides were read since', { failed: true, readAgain: true }, 'Nothing is on'],
  ['Healthy', 'what rules allow to differ', { standings: { one_sided: 5, override: 5, gone: 5 } }, 'Nothing'],
])('%s: %s', ([word, , symptoms, reason]) => {
  const health = healthOf(statusWith(symptoms), symptoms.workers ?? 1);
  expect(health.word).toBe(word);
  expect(health.reason).toContain(reason);
});

const count = fc.nat({ max: 2_000_000 });

test('agreement is 100.00 exactly when nothing differs, and its parts add up', () => {
  const standings = fc.record({
    agreed: count,
    undecided: count,
    on_its_way: count,
    waiting: count,
    paced: count,
    asked: count,
    tripped: fc.constantFrom(0, 1),
    parked: fc.constantFrom(0, 1),
    refused: fc.constantFrom(0, 1),
    hidden: fc.constantFrom(0, 1),
    held: fc.constantFrom(0, 1),
    one_sided: count,
    override: count,
    gone: count,
    archived: count,
  });
  fc.assert(
    fc.property(standings, (counts) => {
      const { percent, agreed, of, differ } = agreementOf(counts);
      const differing = Object.values(differ).reduce((sum, part) => sum + part, 0);
      expect(percent === '100.00').toBe(differing === 0);
      expect(agreed + differing).toBe(of);
      expect(percent).toMatch(/^\d{1,3}\.\d\d$/);
    }),
  );
});

test('one difference in a million is not hidden by rounding', () => {
  expect(agreementOf({ ...status.standings, agreed: 999_999, asked: 1 }).percent).toBe('99.99');
});

test('a status is what its schema says, whatever is wrong with the pair', () => {
  const symptoms = fc.record(
    {
      mode: fc.constantFrom<PairMode>('new', 'active', 'held', 'paused', 'draining'),
      halted: fc.boolean(),
      unreadable: fc.boolean(),
      awayMs: fc.nat(),
      unwrittenMs: fc.nat(),
      failed: fc.boolean(),
      planReady: fc.constantFrom<'good' | 'expired'>('good', 'expired'),
      oldestMs: fc.nat(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(symptoms, fc.nat({ max: 2 }), (some, workers) => {
      const view = pairView(statusWith(some), workers);
      expect(pairSchema.parse(view)).toEqual(view);
    }),
  );
});

test('a status says since when a side cannot be read or written', () => {
  const [side] = pairView(statusWith({ awayMs: 7000, unwrittenMs: 9000, oldestMs: 1 }), 1).sides;
  expect([side?.problemSince, side?.writeProblemSince].map((moment) => nowMs - Date.parse(moment ?? ''))).toEqual([
    7000, 9000,
  ]);
});

test('a plan past its time is shown as expired although nobody marked it', () => {
  expect(pairView(statusWith({ planReady: 'expired' }), 1).openPlan?.state).toBe('expired');
  expect(pairView(statusWith({ planReady: 'good' }), 1).openPlan?.state).toBe('ready');
});

test('errors of the edge are errors of ours', () => {
  expect(new ParleyError('request.wrong_host', 'x').retryable).toBe(false);
  expect(new ParleyError('api.unreachable', 'x').retryable).toBe(true);
});
