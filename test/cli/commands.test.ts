import { expect, test } from 'vitest';
import { type CommandName, jsonEvents, jsonResult } from '../../src/cli/json-schemas.js';
import { ParleyError } from '../../src/core/errors.js';
import { conflict, nowMs, pairRow, plan, status } from '../api/sample-hub.js';
import { served } from './screen.js';

const counts = {
  sides: { crm: { create: 0, update: 2, blank: 0, delete: 0 }, erp: { create: 1, update: 0, blank: 0, delete: 0 } },
  units: { name: 2 },
  link: 5,
  likely: 0,
  ask: { 'clash name': 3 },
  shapes: 1,
  oneSided: {},
  alike: {},
  override: {},
  setAside: 0,
  movedOn: 0,
};
const planned = { ...plan, counts, asOf: null };
/** Pages that end: the sample's own go on for ever. */
const one = <Row>(row: Row) => ({ rows: [row], next: null });
const planItem = {
  seq: 1,
  entity: 1,
  kind: 'update',
  side: 'erp',
  key: '=17',
  label: 'Acme',
  unit: 'name',
  before: 'Acme',
  after: '',
  rule: 'r',
  shape: null,
};
const readModel = {
  planItems: () => Promise.resolve(one(planItem)),
  entityLedger: () => Promise.resolve({ rows: [], next: null }),
} as never;

/** A hub whose plan 7 is approved once and applied when it is looked at again. */
function applying(refused: number) {
  let state: 'ready' | 'applying' | 'applied' = 'ready';
  const run = {
    pair: plan.pair,
    id: 5,
    kind: 'apply',
    startedAtMs: nowMs,
    endedAtMs: nowMs,
    result: 'done',
    problem: null,
    counts: { written: 3, refused },
  };
  return {
    engine: {
      approvePlan: () => {
        state = 'applying';
        return Promise.resolve();
      },
    },
    readModel: { runs: () => Promise.resolve(one(run)) } as never,
    store: {
      plan: () => {
        const shown = { ...planned, state };
        if (state === 'applying') state = 'applied';
        return Promise.resolve(shown);
      },
    },
  };
}

test.for([
  ['plan-show', ['plan', 'show', '7']],
  ['plan-show', ['plan', 'show', '7', '--full']],
  ['plan-list', ['plan', 'list']],
  ['record-erase', ['record', 'erase', 'crm:17', '--reason', 'asked for', '--systems', 'leave', '--yes']],
  ['record-link', ['record', 'link', 'crm:17', 'erp:9', '--dry-run']],
  ['record-link', ['record', 'link', 'crm:17', 'erp:9', '--note', 'the same', '--yes']],
  ['record-unlink', ['record', 'unlink', 'crm:17', '--dry-run']],
  ['record-unlink', ['record', 'unlink', 'crm:17', '--note', 'another', '--yes']],
  ['undo', ['undo', 'CF-41', '--note', 'wrong']],
  ['undo', ['undo', 'crm:17', '--to', '1']],
  ['run', ['run']],
  ['status', ['status']],
  ['status', ['status', 'suppliers']],
  ['review-list', ['review']],
  ['review-list', ['review', 'list', '--no-groups']],
  ['review-show', ['review', 'show', 'CF-41']],
  ['review-decide', ['review', 'decide', 'cf-41', '--keep', 'crm', '--note', 'asked Ana']],
  ['review-bulk', ['review', 'bulk', '--like', '41', '--keep', 'crm', '--dry-run']],
  ['record-list', ['record', 'list']],
  ['record-show', ['record', 'show', 'crm:17']],
  ['record-show', ['record', 'show', 'crm:17', '--as-of', '1']],
  ['record-show', ['record', 'show', 'crm:17', '--as-of', '2026-11-21T10:00Z']],
  ['record-blame', ['record', 'blame', 'crm:17', '--field', 'name']],
  ['record-log', ['record', 'log', 'crm:17']],
  ['ledger-list', ['ledger']],
  ['ledger-list', ['ledger', 'list']],
  ['ledger-show', ['ledger', 'show', '1']],
  ['ledger-verify', ['ledger', 'verify']],
  ['hold', ['hold']],
  ['pause', ['pause']],
  ['drain', ['drain']],
  ['resume', ['resume', 'suppliers']],
] as const satisfies readonly (readonly [CommandName, readonly string[]])[])(
  '%s prints one object that fits its schema (%s)',
  async ([name, words]) => {
    const { run } = await served({ readModel, store: { plan: () => Promise.resolve(planned) } });
    const ran = await run(...words, '--json');
    expect({ exit: ran.exit, err: ran.err }).toEqual({ exit: 0, err: '' });
    const [object, ...more] = ran.lines();
    expect(more).toEqual([]);
    expect(jsonResult(name).safeParse(object).error).toBeUndefined();
    expect(object).toMatchObject({ ok: true, exit: 0, problems: [] });
  },
);

test.for([
  ['plan', ['plan'], jsonEvents.plan],
  ['verify', ['verify'], jsonEvents.verify],
  ['apply', ['apply', '7'], jsonEvents.apply],
] as const)('%s prints events while it works, and its result last', async ([name, words, event]) => {
  const making = { ...planned, state: 'reading' as const };
  const changes =
    name === 'plan'
      ? { readModel, store: { plan: madeAtTheSecondLook(making, planned) } }
      : name === 'apply'
        ? applying(0)
        : {};
  const { run } = await served(changes);
  const ran = await run(...words, '--json');
  const lines = ran.lines();
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines.slice(0, -1)) expect(event.safeParse(line).error).toBeUndefined();
  expect(jsonResult(name).safeParse(lines.at(-1)).error).toBeUndefined();
  expect(ran.exit).toBe(0);
});

function madeAtTheSecondLook<Plan>(first: Plan, then: Plan): () => Promise<Plan> {
  let looks = 0;
  return () => Promise.resolve((looks += 1) > 1 ? then : first);
}

test('a plan says what it would do and what to do next', async () => {
  const { run, hub } = await served({ readModel, store: { plan: () => Promise.resolve(planned) } });
  const { exit, out, err } = await run('plan');
  expect(exit).toBe(0);
  expect(out).toContain('Plan 7: 1 to create, 2 to update, 0 to delete, 3 to ask.');
  expect(err).toBe('Next: parley apply 7\n');
  expect(hub.calls.find(({ what }) => what === 'requestPlan')?.input).toMatchObject({ pair: 'suppliers' });
});

test.for([
  ['plan', 2],
  ['status', 0],
  ['review', 2],
] as const)('%s --detailed-exitcode tells open items by its exit code', async ([word, exit]) => {
  const { run } = await served({ readModel, store: { plan: () => Promise.resolve(planned) } });
  expect((await run(word, '--detailed-exitcode', '--quiet')).exit).toBe(exit);
});

test('a plan that was refused a row is partly done', async () => {
  const { run } = await served(applying(2));
  const { exit, out } = await run('apply', '7');
  expect(exit).toBe(5);
  expect(out).toMatch(/^Applied plan 7 in .*: 3 written, 2 refused\.\n$/);
});

test.for(['plan.expired', 'plan.superseded', 'plan.already_applied'] as const)('%s is not applied', async (code) => {
  const refused = () =>
    Promise.reject(new ParleyError(code, 'Nothing was written.', { hint: 'parley plan suppliers' }));
  const { run } = await served({ engine: { approvePlan: refused } });
  const { exit, out, err } = await run('apply', '7');
  expect({ exit, out }).toEqual({ exit: 4, out: '' });
  expect(err).toBe(`error ${code}  Nothing was written.\nnext: parley plan suppliers\n`);
});

test('a plan that nobody has named is not approved without a yes', async () => {
  const open = { ...status, openPlan: planned };
  const approvals = applying(0);
  const readers = { ...(approvals.readModel as object), pairStatus: () => Promise.resolve(open) } as never;
  const { run } = await served({ ...approvals, readModel: readers });
  const asked = await run('apply');
  expect(asked.exit).toBe(4);
  expect(asked.err).toContain('there is nobody to ask');
  expect((await run('apply', '--yes')).exit).toBe(0);
});

test('a decision names the version that was shown', async () => {
  const { run, hub } = await served();
  expect((await run('review', 'decide', 'CF-41', '--value', 'Acme AG')).exit).toBe(0);
  expect(hub.calls.find(({ what }) => what === 'decide')?.input).toMatchObject({
    conflict: 41,
    vv: conflict.vv,
    choice: { kind: 'value', value: 'Acme AG' },
    by: 'the owner',
  });
});

test('a decision about something that changed is refused, and says what changed', async () => {
  const moved = {
    ...conflict,
    detail: { agreed: 'Acme', sides: { crm: { value: 'Acme SE', raw: 'Acme SE', lo: 1, hi: 2 } }, note: null },
  };
  let asks = 0;
  // The question is looked up to show it, again to decide it, and once more to say what changed.
  const { run } = await served({
    readModel: { conflict: () => Promise.resolve((asks += 1) > 2 ? moved : conflict) },
    engine: { decide: () => Promise.reject(new ParleyError('conflict.changed', 'CF-41 changed.')) },
  });
  const { exit, err } = await run('review', 'decide', 'CF-41', '--keep', 'crm');
  expect(exit).toBe(4);
  expect(err).toContain('CF-41 changed while it was being decided:\n  crm  Acme Ltd => Acme SE');
  expect(err).toContain('next: parley review show CF-41');
});

test.for([
  ['none', []],
  ['two', ['--keep', 'crm', '--leave']],
] as const)('%s of the answers is no decision', async ([, flags]) => {
  const { run, hub } = await served();
  expect((await run('review', 'decide', 'CF-41', ...flags)).exit).toBe(64);
  expect(hub.calls.some(({ what }) => what === 'decide')).toBe(false);
});

test('a bulk decision is counted first, and needs a yes', async () => {
  const { run, hub } = await served();
  const runs = () => hub.calls.filter(({ what }) => what === 'decideAlike').map(({ input }) => input);
  const words = ['review', 'bulk', '--like', 'CF-41', '--keep', 'crm'];
  expect((await run(...words)).exit).toBe(4);
  expect(runs()).toMatchObject([{ dryRun: true }]);
  expect((await run(...words, '--yes')).exit).toBe(0);
  expect(runs()).toMatchObject([{ dryRun: true }, { dryRun: true }, { dryRun: false }]);
});

test('a cycle that a brake stopped is refused for safety', async () => {
  const cycle = { read: 9, edited: 0, created: 0, deleted: 9, asked: 0, written: 0, refused: 0, setAside: 0 };
  const runNow = () => Promise.resolve({ ...cycle, halted: true, problem: null });
  const { run } = await served({ runner: { runNow } });
  const { exit, out } = await run('run');
  expect(exit).toBe(4);
  expect(out).toContain('A brake stopped all writes');
});

test('rows that are set aside are told with their place and reason, the first ones or all', async () => {
  const row = (line: number) => ({ side: 'erp', place: `suppliers.csv:${line}`, reason: 'ragged', key: null, atMs: 1 });
  const { run } = await served({
    readModel: {
      pairStatus: () => Promise.resolve({ ...status, setAside: 5 }),
      setAside: (_pair: unknown, { limit }: { limit: number }) =>
        Promise.resolve({ rows: [1, 2, 3, 4, 5].slice(0, limit).map(row), next: null }),
    } as never,
  });
  const first = (await run('status', 'suppliers')).out;
  expect(first).toContain('erp suppliers.csv:3: ragged');
  expect(first).toContain('2 more: parley status suppliers --set-aside');
  expect((await run('status', '--set-aside', '--pair', 'suppliers')).out).toContain('erp suppliers.csv:5: ragged');
  expect((await run('run', 'suppliers')).err).toContain('5 rows are set aside: parley status suppliers');
});

test.for([
  [6, 'a side that is out of reach', { code: 'connector.source_unstable' }],
  [5, 'a file that is not believed', { code: 'connector.source_invalid' }],
] as const)('a cycle exits with %i for %s, and names side and time', async ([exits, , { code }]) => {
  const none = { read: 0, edited: 0, created: 0, deleted: 0, asked: 0, written: 0, refused: 0, setAside: 0 };
  const troubles = [{ side: 'erp', doing: 'read', code, text: 'it is open.', sinceMs: nowMs }];
  const runNow = () => Promise.resolve({ ...none, halted: false, problem: null, troubles } as never);
  const { run } = await served({ runner: { runNow } });
  const { exit, out } = await run('run');
  expect(exit).toBe(exits);
  expect(out).toMatch(/erp could not be read since \d\d:\d\d:\d\d: it is open\./);
  expect((await run('run', '--json')).lines()).toMatchObject([{ exit: exits, problems: [{ code }] }]);
});

test.for([
  ['verify', ['verify'], { verify: () => Promise.resolve(unexplained) }],
  ['ledger verify', ['ledger', 'verify'], { verifyLedger: () => Promise.resolve(unproven) }],
] as const)('%s fails when something does not hold', async ([, words, engine]) => {
  const { run } = await served({ engine: engine as never });
  expect((await run(...words)).exit).toBe(1);
});
const finding = { side: 'erp', key: '17', unit: 'name', what: 'differs' };
const unexplained = {
  ok: false,
  compared: 2,
  agree: 1,
  differences: { unexplained: 1 },
  unexplained: [finding],
  ms: 5,
};
const unproven = {
  ok: false,
  entries: 2,
  root: 'ab',
  entities: 1,
  problems: [{ seq: 1, entity: null, what: 'leaf' }],
  checkpoints: { configured: false, compared: 0, newest: null, publicKey: null },
};

test('an entry beyond the end of the ledger does not exist', async () => {
  const { run } = await served();
  const { exit, err } = await run('ledger', 'show', String(pairRow.ledgerSize));
  expect(exit).toBe(1);
  expect(err).toContain('it ends at 1.');
});

test('Ctrl-C ends watching, says what goes on, and exits with 130', async () => {
  const shown = await served();
  const ran = await shown.with({ words: ['watch', '--since', '0'], onOut: (_text, interrupt) => interrupt() });
  expect(ran.exit).toBe(130);
  expect(ran.out).toMatch(/crm -> /);
  expect(ran.err).toContain('Stopped watching. suppliers goes on: parley status suppliers');
});

test('what is known of a record is never part of an error', async () => {
  const { run } = await served();
  const { err } = await run('record', 'blame', 'crm:17', '--field', 'phone');
  expect(err).toContain('There is no field "phone"');
  expect(err).not.toContain('Acme');
});

test.for([
  ['always', { words: ['status', '--color', 'always'] }, true],
  ['auto on a terminal', { words: ['status'], columns: 100 }, true],
  ['auto elsewhere', { words: ['status'] }, false],
  ['never on a terminal', { words: ['status', '--color', 'never'], columns: 100 }, false],
] as const)('colour %s', async ([, how, isColoured]) => {
  const { out } = await (await served()).with(how);
  expect(out.includes('\u001b[')).toBe(isColoured);
});

test('NO_COLOR is honoured on a terminal', async () => {
  const { styleFor } = await import('../../src/cli/render/style.js');
  const stdout = { write: () => true, isTTY: true, columns: 80 };
  const env = { NO_COLOR: '1' };
  const terminal = { stdout, stderr: stdout, stdin: {}, env, cwd: '/', nowMs: () => 0 } as never;
  expect(styleFor(terminal, {}).color).toBe(false);
  expect(styleFor(terminal, { color: 'always' }).color).toBe(true);
});
