import { describe, expect, test } from 'vitest';
import { pairView } from '../../src/api/present/pair.js';
import { conflictView } from '../../src/api/present/conflict.js';
import { ledgerEntryView } from '../../src/api/present/ledger.js';
import { age, between, clock, duration } from '../../src/cli/render/moment.js';
import { renderPlan } from '../../src/cli/render/plan.js';
import { progressBar } from '../../src/cli/render/progress-bar.js';
import { renderBulk, renderChanged, renderConflict, renderGroups } from '../../src/cli/render/review.js';
import { renderStatus, renderStatuses } from '../../src/cli/render/status.js';
import type { Style } from '../../src/cli/render/style.js';
import { table } from '../../src/cli/render/table.js';
import { clipped, widthOf } from '../../src/cli/render/text-width.js';
import { plainValue, quotedValue, tally } from '../../src/cli/render/value.js';
import { renderCycle } from '../../src/cli/render/cycle.js';
import { renderApplied } from '../../src/cli/render/applied.js';
import { watchLine } from '../../src/cli/render/watch.js';
import { renderPage, renderEntry, renderVerification } from '../../src/cli/render/ledger.js';
import { renderExportVerification, renderLedgerVerification } from '../../src/cli/render/ledger-verification.js';
import { conflict, ledgerEntry, nowMs, status } from '../api/sample-hub.js';

const wide: Style = { color: false, ascii: false, width: Number.POSITIVE_INFINITY, nowMs, timeZone: 'UTC' };
const escape = '\u001b';
const at = (ms: number): string => new Date(nowMs - ms).toISOString();
const plan = {
  id: 7,
  pair: 'suppliers',
  revision: '8c1f02e0000',
  state: 'ready' as const,
  counts: {
    sides: {
      crm: { create: 0, update: 210, blank: 0, delete: 0 },
      erp: { create: 44, update: 317, blank: 6, delete: 0 },
    },
    units: { address: 210, name: 317 },
    link: 8011,
    likely: 0,
    ask: { 'clash name': 1075 },
    shapes: 326,
    oneSided: { crm: 44 },
    alike: {},
    override: {},
    setAside: 2,
    movedOn: 0,
  },
  asOf: { crm: at(20_000), erp: at(8000) },
  createdAt: at(30_000),
  createdBy: 'ana',
  expiresAt: at(-1_200_000),
  approvedBy: null,
  progress: null,
  problem: null,
  undo: null,
};
const item = {
  seq: 1,
  entity: 1,
  kind: 'update' as const,
  side: 'erp',
  key: '17',
  label: 'Acme GmbH',
  unit: 'name',
  before: 'Acme',
  after: 'Acme GmbH',
  rule: 'r',
  shape: null,
};
const shapes = [{ unit: 'name', label: 'Commscope | ARRIS Group, Inc.', count: 343 }];

test('a plan is one screen: counts a side, blanks that stand out, samples, questions by shape, what comes next', () => {
  expect(renderPlan({ plan, pair: pairView(status, 1), sample: [item], shapes }, wide)).toBe(
    `suppliers   crm crm/public.accounts <-> erp erp/suppliers.csv   config 8c1f02e, data as of 09:11:40
  + create     crm      0   erp     44
  ~ update     crm    210   erp    317     name 317, address 210
  ! to blank   crm      0   erp      6     see them: parley plan show 7 --only blank
  = link       8,011
  ? ask        1,075     clash name 1,075; 326 shapes
    only on one side: crm 44
    set aside: 2 rows that cannot be read
  ~ Acme GmbH  erp:17  name  "Acme" => "Acme GmbH"
    570 more: parley plan show 7 --full, --only update, --out rows.csv
      343 x  name  Commscope | ARRIS Group, Inc.
Plan 7: 44 to create, 527 to update (6 blank a value), 0 to delete, 1,075 to ask. Good until 09:32:00.`,
  );
});

test.for([
  ['failed', 'Failed: the ERP was away'],
  ['expired', 'Expired: it will not be applied.'],
  ['superseded', 'A newer plan has taken its place.'],
] as const)('a plan that is %s says so', ([state, sentence]) => {
  const ended = { ...plan, state, problem: 'the ERP was away' };
  expect(renderPlan({ plan: ended, pair: null, sample: [], shapes: [] }, wide)).toMatch(new RegExp(`${sentence}$`));
});

test('pairs stand one a line', () => {
  const pair = pairView({ ...status, oldestUndeliveredMs: nowMs - 14 * 60_000 }, 1);
  expect(renderStatuses([pair], wide)).toBe(
    `PAIR       STATE  OLDEST     AGREE  REVIEW  LAST RUN       NEXT      OWNER
suppliers  Late      14m  100.00 %       0  09:11:56 done  every 1s  data`,
  );
});

test('one pair says why, and breaks every difference down by reason', () => {
  const standings = { ...status.standings, agreed: 990, asked: 7, on_its_way: 3, one_sided: 5 };
  const text = renderStatus(pairView({ ...status, standings }, 1), wide);
  expect(text).toContain('agreement  99.00 %: 990 of 1,000 records agree, 2 linked');
  expect(text).toContain('differ     3 on their way, 7 wait for a person');
  expect(text).toContain('allowed    5 on one side only');
});

test('a table shrinks its flexible column to the screen, and stacks its cells where even that is too wide', () => {
  const columns = [{ head: 'ID' }, { head: 'NAME', flexible: true as const }];
  const rows = [['1', 'A very long name of a company']];
  expect(table(columns, rows, { ...wide, width: 20 })).toBe('ID  NAME\n1   A very long nam\u2026');
  expect(table(columns, rows, { ...wide, width: 20, ascii: true })).toBe('ID  NAME\n1   A very long n...');
  expect(table([{ head: 'ID' }, { head: 'NAME' }], rows, { ...wide, width: 20 })).toBe(
    'ID    1\nNAME  A very long name of a company',
  );
});

test.for([
  [20, 'stacked'],
  [40, 'stacked'],
  [60, 'beside each other'],
  [80, 'beside each other'],
  [120, 'beside each other'],
] as const)('on a screen of %i columns the cells of a list stand %s, and no row is wider', ([width, how]) => {
  const group = {
    pair: 'suppliers',
    kind: 'clash' as const,
    unit: 'name',
    shape: 's',
    label: '\u682a\u5f0f\u4f1a\u793e | Acme GmbH & Co. KG with a long name',
    count: 3,
    exampleId: 41,
    oldestAt: at(0),
    revision: 'r',
  };
  const drawn = renderGroups([group], false, { ...wide, width })
    .split('\n')
    .slice(0, -1);
  const isBeside = how === 'beside each other';
  expect(drawn).toHaveLength(isBeside ? 2 : 7);
  expect(drawn.filter((line) => isBeside && widthOf(line) > width)).toEqual([]);
  expect(drawn.join('\n')).toContain('CF-41');
});

test('wide and combining characters are measured as a terminal shows them', () => {
  expect(widthOf('\u682a\u5f0f')).toBe(4);
  expect(widthOf('e\u0301')).toBe(1);
  expect(widthOf(`${escape}[31mred${escape}[0m`)).toBe(3);
  expect(clipped('\u682a\u5f0f\u4f1a\u793e', 5, '...')).toBe('\u682a...');
});

describe('a question', () => {
  const held = { value: 'Acme Ltd', raw: 'Acme Ltd', lo: at(9000), hi: at(8000) };
  const shown = { ...conflictView(conflict), sides: { crm: held } };

  test('shows the agreed value as a line of its own, why it is asked, and the commands that answer it', () => {
    const text = renderConflict({ conflict: shown, record: null }, wide);
    expect(text).toMatch(/^ {2}agreed {2}Acme$/m);
    expect(text).toMatch(/^ {2}crm {5}Acme Ltd {3}between 09:11:51 and 09:11:52$/m);
    expect(text).toContain('parley review decide CF-41 --keep crm');
  });

  test('whose values come from the first reading was never agreed', () => {
    const sides = { crm: { ...held, lo: new Date(0).toISOString() } };
    const text = renderConflict({ conflict: { ...shown, sides }, record: null }, wide);
    expect(text).toMatch(/^ {2}agreed {2}\(never agreed\)$/m);
    expect(text).not.toContain('1970');
  });

  test('that changed meanwhile names what changed', () => {
    const sides = { crm: { ...held, value: 'Acme AG' } };
    expect(renderChanged(shown, { ...shown, sides }, wide)).toBe(
      'CF-41 changed while it was being decided:\n  crm  Acme Ltd => Acme AG',
    );
  });

  test('cannot make the terminal obey it', () => {
    const label = `x${escape}[2J\u0007\u202e`;
    const text = renderConflict({ conflict: { ...shown, kind: 'create', label, note: label }, record: null }, wide);
    expect(text).not.toMatch(/[\u001b\u0007\u202e]/);
  });
});

test('a bulk decision says how many, where to, and what is lost', () => {
  const answer = { alike: 312, leftOut: 9, writes: { erp: 303 }, replaced: 303, blanked: 0, sample: [] };
  expect(renderBulk(answer, true, wide)).toBe(
    '312 alike, 9 left out, 303 writes to erp. 303 values replaced, 0 blanked. Nothing was decided yet.',
  );
});

test('a plan says how many records wait for those of other pairs', () => {
  const waiting = { ...plan, counts: { ...plan.counts, waiting: 3 } };
  expect(renderPlan({ plan: waiting, pair: null, sample: [], shapes: [] }, wide)).toContain(
    'waiting for records of other pairs: 3',
  );
  expect(renderPlan({ plan, pair: null, sample: [], shapes: [] }, wide)).not.toContain('waiting for records');
});

test('an applied plan says how many were written, refused and left for the next plan', () => {
  const moved = { ...plan, counts: { ...plan.counts, movedOn: 1 } };
  expect(renderApplied(moved, { written: 568, refused: 2, stale: 0 }, 72_000)).toBe(
    'Applied plan 7 in 1 min 12 s: 568 written, 2 refused, 1 moved on (re-planned).',
  );
});

test('a change is one line, with the value as it was observed', () => {
  const effects = ledgerEntry.payload?.effects ?? [];
  const detail = { key: '17', units: { name: { from: 'Acme', to: 'ACME' } } };
  const observed = { nonce: 'n', patch: [], inverse: [], effects, detail };
  const entry = ledgerEntryView({
    ...ledgerEntry,
    payload: observed,
  });
  expect(watchLine(entry, ['crm', 'erp'], wide)).toBe('09:12:00  crm -> erp      crm:17  name  Acme => ACME');
});

test('a comparison explains every difference, and shows what it cannot explain', () => {
  const found = {
    pair: 'suppliers',
    ok: false,
    compared: 1000,
    agree: 995,
    differences: { asked: 4, unexplained: 1 },
    unexplained: [{ side: 'erp', key: '17', unit: 'name', what: 'differs' }],
    ms: 1200,
  };
  expect(renderVerification(found, wide)).toBe(
    `Compared 1,000 records of suppliers in 1.2 s: 99.50 % agree (995).
  asked        4   a person decides: parley review
  unexplained  1
    erp:17  name  differs`,
  );
});

test('a held delete is a line of a comparison of its own', () => {
  const found = { pair: 'p', ok: true, compared: 3, agree: 2, differences: { held: 1 }, unexplained: [], ms: 100 };
  expect(renderVerification(found, wide)).toContain('66.66 % agree (2).\n  held         1   a delete, a new record');
});

const shownEntry = (kind: string, detail: object) =>
  ledgerEntryView({
    ...ledgerEntry,
    entry: { ...ledgerEntry.entry, kind: kind as 'pair' },
    payload: { nonce: 'n', patch: [], inverse: [], effects: [], detail: detail as never },
  });

test.for([
  ['pair', { from: 'active', to: 'held' }, 'active => held'],
  ['pair', { plan: 7, revision: '8c1f02e0000' }, 'plan 7, config 8c1f02e'],
  ['pair', { reason: '40 deletes, the limit is 10.', counts: { delete: 40 } }, '40 deletes, the limit is 10.'],
  [
    'asked',
    {
      siblings: [
        { side: 'crm', value: 'North' },
        { side: 'erp', value: 'South' },
      ],
    },
    'name  crm North | erp South',
  ],
] as const)('an entry of kind %s says what happened: %j', ([kind, detail, text]) => {
  expect(renderPage({ rows: [shownEntry(kind, detail)], next: null, retired: null }, wide)).toContain(text);
  expect(watchLine(shownEntry(kind, detail), ['crm', 'erp'], wide)).toContain(text);
  expect(renderEntry(shownEntry(kind, detail), wide)).toContain(text);
});

const trouble = {
  side: 'erp',
  doing: 'written' as const,
  code: 'connector.source_unstable',
  text: 'suppliers.csv is open in a spreadsheet program.',
  since: at(90_000),
};
const quiet = { read: 0, edited: 0, created: 0, deleted: 0, asked: 0, written: 0, refused: 0, setAside: 0 };

test('a cycle that could not reach a side never says that nothing had changed', () => {
  const cycle = { ...quiet, halted: false, problem: 'the run failed', troubles: [trouble] };
  expect(renderCycle('suppliers', cycle, wide)).toBe(
    `Ran suppliers in part: nothing was done.
problem  erp could not be written since 09:10:30: suppliers.csv is open in a spreadsheet program.`,
  );
});

test('a status says below the side what is wrong with it and since when', () => {
  const cursor = { cursor: null, pass: null, complete: null, problem: null };
  const writeProblem = { code: 'connector.source_unstable', text: 'it is open.', sinceMs: nowMs - 90_000 } as const;
  const row = { ...status.row, cursors: { erp: { ...cursor, writeProblem } } } as never;
  const text = renderStatus(pairView({ ...status, row, oldestUndeliveredMs: nowMs - 90_000 }, 1), wide);
  expect(text).toMatch(/^ {13}not written since 09:10:30: it is open\.$/m);
  expect(text).toContain('Late: erp cannot be written: it is open. Since 09:10:30.');
});

test('questions about whole records are held until a person decides, not by a limit', () => {
  const standings = { ...status.standings, held: 3 };
  expect(renderStatus(pairView({ ...status, standings }, 1), wide)).toContain('3 held until a person decides');
});

test('a ledger that proves nothing names the places', () => {
  const problems = [{ seq: 3, entity: null, what: 'the leaf differs' }];
  const checkpoints = { configured: false, compared: 0, newest: null, publicKey: null };
  const verified = {
    pair: 'suppliers',
    ok: false,
    entries: 5,
    retired: null,
    root: 'ab',
    entities: 2,
    problems,
    checkpoints,
  };
  expect(renderLedgerVerification(verified, wide)).toBe(
    `The ledger does not prove what the hub holds of suppliers: 1 place of 5 entries, 2 records.
  entry 3: the leaf differs
checkpoints: none are kept (PARLEY_CHECKPOINTS), so a ledger rewritten as a whole is not noticed.
root ab`,
  );
});

test('a ledger that was held against checkpoints says how far they reach', () => {
  const newest = { size: 4, root: 'ab', at: '2026-05-03T09:12:00.000Z' };
  const checkpoints = { configured: true, compared: 2, newest, publicKey: 'parley+1+k' };
  const verified = {
    pair: 'suppliers',
    ok: true,
    entries: 5,
    retired: null,
    root: 'ab',
    entities: 2,
    problems: [],
    checkpoints,
  };
  expect(renderLedgerVerification(verified, wide).split('\n')[1]).toBe(
    'checkpoints: held against 2 checkpoints, the newest of 09:12:00 with 4 entries; ' +
      '1 entry since then is not signed yet. Key parley+1+k',
  );
});

test.for([
  [true, null, 'checkpoints: none, so nobody vouches for it.'],
  [false, { size: 4, root: 'ab', at: '2026-05-03T09:12:00.000Z' }, 'as the file says: compare it'],
] as const)('an export says whether it proves itself, and on whose word', ([ok, newest, expected]) => {
  const found = {
    ok,
    pair: 'suppliers',
    record: 'crm:17',
    entries: 5,
    from: 0,
    withValues: 5,
    unsigned: 1,
    root: 'ab',
    checkpoints: { compared: 1, newest, publicKey: 'parley+1+k' },
    problems: ok ? [] : [{ seq: 3, entity: null, what: 'the values were changed' }],
  };
  const text = renderExportVerification(found, wide, { isTrusted: false });
  expect(text).toContain(
    ok ? 'The export proves itself: 5 entries, 5 with values of crm:17' : 'entry 3: the values were',
  );
  expect(text).toContain(expected);
});

test('a bar is drawn with signs of the terminal, or in ASCII', () => {
  const bar = { name: 'crm', done: 121, total: 210, elapsedMs: 13_000 };
  expect(progressBar(bar, { ...wide, width: 80, ascii: true })).toBe(
    '  crm      ################............  121/210  9/s',
  );
  expect(progressBar(bar, { ...wide, width: 80 })).toContain('\u2588\u2591');
});

test.for([
  [20_000, '20s'],
  [14 * 60_000, '14m'],
  [3 * 3_600_000, '3h'],
  [50 * 3_600_000, '2d'],
  [-5000, '0s'],
] as const)('%i ms ago is %s', ([ms, text]) => {
  expect(age(at(ms), nowMs)).toBe(text);
});

test('a time of today is a time, an earlier one has a date', () => {
  expect(clock(at(0), wide)).toBe('09:12:00');
  expect(clock('2026-05-02T14:03:00Z', wide)).toBe('2 May 14:03');
  expect(clock('2025-01-02T14:03:00Z', wide)).toBe('2 Jan 2025');
  expect(between(new Date(0).toISOString(), at(0), wide)).toBe('before 09:12:00');
  expect([duration(800), duration(42_000), duration(72_000)]).toEqual(['0.8 s', '42 s', '1 min 12 s']);
});

test('values are shown as they were typed, blanks as a word', () => {
  expect([plainValue(null), plainValue(''), plainValue(['a', null, 'b'])]).toEqual(['(blank)', '(blank)', 'a, , b']);
  expect([quotedValue(' a ', wide), quotedValue(null, wide), quotedValue(12, wide)]).toEqual([
    '" a "',
    '(blank)',
    '12',
  ]);
  expect(tally({ a: 0, b: 2, c: 1000 })).toBe('c 1,000, b 2');
});
