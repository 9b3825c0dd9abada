import { conflictKindSchema } from '../../src/contract/api/values.js';
import { createApp } from '../../src/api/app.js';
import { tokenHash } from '../../src/api/auth.js';
import type { ApiDependencies } from '../../src/api/environment.js';
import { consolePage } from '../../src/console/page.js';
import { ParleyError } from '../../src/core/errors.js';
import { entityId, pairId, recordKey, revisionId, sideName, unitName } from '../../src/core/ids.js';
import { emptyState } from '../../src/core/register.js';
import { pack } from '../../src/core/pack.js';
import type { PairRules } from '../../src/core/rules.js';
import { standings } from '../../src/core/standing.js';
import type { EntityState } from '../../src/core/state.js';
import type { Engine, RecordExplanation } from '../../src/engine/engine.js';
import type { PairStatus, ReadModel, RunRow } from '../../src/engine/read-model.js';
import type { StoredEntry } from '../../src/engine/ledger-store.js';
import type { ConflictRow, PairRow, Role } from '../../src/engine/store.js';
import type { PlanRow } from '../../src/engine/plan-rows.js';
import { sampleAsOf, sampleVerification } from './sample-ledger.js';

/** One pair with one of everything, and a note of each call: the API is tested for what it asks, not for what is true. */

export const nowMs = Date.UTC(2026, 4, 3, 9, 12);
export const crm = sideName('crm');
export const erp = sideName('erp');
export const suppliers = pairId('suppliers');
const name = unitName('name');
const revision = revisionId('8c1f02e');
/** A key with everything that a path could trip over. */
export const awkwardKey = 'a/b ü%2F?#["x"]';

export const pairRow: PairRow = {
  pair: suppliers,
  mode: 'active',
  halt: null,
  revision,
  latestRevision: revision,
  epoch: 1,
  tick: 7,
  nextEntity: 3,
  linked: 2,
  cursors: { [crm]: { cursor: null, pass: null, complete: { tick: 6, atMs: nowMs - 1000 }, problem: null } },
  ledgerSize: 2,
  ledgerPeaks: [],
  nextRun: 5,
  nextDelivery: 9,
  lastVerifyAtMs: null,
  waiting: false,
};

export const run: RunRow = {
  pair: suppliers,
  id: 4,
  kind: 'poll',
  startedAtMs: nowMs - 5000,
  endedAtMs: nowMs - 4000,
  result: 'done',
  counts: { read: 2 },
  problem: null,
};

export const plan: PlanRow = {
  id: 7,
  pair: suppliers,
  revision,
  state: 'ready',
  counts: null,
  tick: 7,
  asOf: { [crm]: nowMs - 60_000 },
  createdAtMs: nowMs - 60_000,
  createdBy: 'ana',
  expiresAtMs: nowMs + 60_000,
  approvedBy: null,
  progress: null,
  problem: null,
  undo: null,
};

const noStandings = Object.fromEntries(standings.map((standing) => [standing, 0])) as PairStatus['standings'];

const noConflicts = Object.fromEntries(
  conflictKindSchema.options.map((kind) => [kind, 0]),
) as PairStatus['openConflicts'];

export const status: PairStatus = {
  row: pairRow,
  owner: 'data',
  about: 'The companies we buy from.',
  everyMs: 1000,
  sides: [
    { name: crm, connection: 'crm', object: 'public.accounts' },
    { name: erp, connection: 'erp', object: 'suppliers.csv' },
  ],
  standings: { ...noStandings, agreed: 2 },
  oldestUndeliveredMs: null,
  openConflicts: noConflicts,
  lastRun: run,
  setAside: 0,
  openPlan: null,
  nowMs,
};

const state: EntityState = {
  ...emptyState,
  sides: {
    [crm]: {
      key: recordKey('17'),
      presence: 'present',
      token: null,
      raws: {},
      tick: 3,
      atMs: nowMs - 1000,
      intent: null,
      refused: null,
      wrote: {},
    },
  },
};

export const conflict: ConflictRow = {
  id: 41,
  pair: suppliers,
  entity: entityId(1),
  unit: name,
  kind: 'clash',
  shape: 's1',
  label: 'Acme | Acme Ltd',
  vv: 'crm#1:3 erp#1:1',
  detail: {
    agreed: 'Acme',
    sides: { [crm]: { value: 'Acme Ltd', raw: 'Acme Ltd', lo: nowMs - 9000, hi: nowMs - 8000 } },
    note: null,
  },
  revision,
  rule: 'either: ask',
  state: 'open',
  openedAtMs: nowMs - 8000,
  endedAtMs: null,
  decidedBy: null,
  choice: null,
};

export const ledgerEntry: StoredEntry = {
  entry: {
    pair: suppliers,
    seq: 1,
    atMs: nowMs,
    kind: 'edited',
    entity: entityId(1),
    side: crm,
    units: [name],
    actor: 'crm',
    rule: 'either: ask',
    revision,
    source: 'poll',
    dot: 'crm#1:3',
    vvBefore: '',
    vvAfter: 'crm#1:3',
    lo: nowMs,
    hi: nowMs,
    run: 4,
    delivery: null,
    commitment: 'c0',
    leaf: '1e',
  },
  payload: {
    nonce: 'n',
    patch: [{ op: 'replace', path: '/name', value: 'Acme Ltd' }],
    inverse: [{ op: 'replace', path: '/name', value: 'Acme' }],
    effects: [
      {
        unit: name,
        before: 'Acme',
        after: 'Acme Ltd',
        vvBefore: {},
        vvAfter: { 'crm#1': 3 },
        ctx: { [crm]: { 'crm#1': 3 } },
      },
    ],
    detail: {},
  },
  sealed: { nonce: 'n', text: '{"detail":{}}' },
};

const explanation: RecordExplanation = {
  pair: suppliers,
  entity: entityId(1),
  standing: 'asked',
  keys: { [crm]: recordKey('17'), [erp]: recordKey('17') },
  state,
  units: [
    {
      unit: name,
      master: 'either',
      place: 'pairs/suppliers.yaml:14',
      agreed: 'Acme',
      sides: { [crm]: 'Acme Ltd', [erp]: 'Acme' },
      status: 'asked',
      from: { seq: 1, atMs: nowMs, side: crm, actor: 'crm', rule: 'either: ask', lo: nowMs - 1000, hi: nowMs },
      sentences: ['The CRM had not seen the ERP.'],
      vectors: { agreed: 'crm#1:3', delivered: { [crm]: 'crm#1:3' } },
    },
  ],
  conflicts: [conflict],
};

export const tokens: Readonly<Record<Role, string>> = { viewer: 'token-v', operator: 'token-o', owner: 'token-w' };

export type Call = { readonly what: string; readonly input: unknown };
export type SampleHub = {
  readonly app: ReturnType<typeof createApp>;
  readonly calls: Call[];
  readonly logged: { readonly level: string; readonly fields: object; readonly message: string }[];
  /** Asks the app as `role`; null sends no token. */
  readonly ask: (method: string, path: string, how?: Asking) => Promise<Response>;
};
export type Asking = {
  readonly role?: Role | null;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
};

export type Changes = {
  readonly engine?: Partial<Engine>;
  readonly readModel?: Partial<ReadModel>;
  readonly store?: Partial<ApiDependencies['store']>;
  readonly runner?: Partial<ApiDependencies['runner']>;
  readonly rest?: Partial<ApiDependencies>;
};

/** An API over the sample pair, with parts replaced where a test needs another answer. */
export function sampleHub(changes: Changes = {}): SampleHub {
  const calls: Call[] = [];
  const logged: SampleHub['logged'] = [];
  const note = <Answer>(what: string, answer: Answer) => {
    return (...inputs: unknown[]): Promise<Answer> => {
      calls.push({ what, input: inputs.length === 1 ? inputs[0] : inputs });
      return Promise.resolve(answer);
    };
  };
  const log = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });

  const app = createApp({
    engine: { ...sampleEngine(note), ...changes.engine } as Engine,
    readModel: { ...sampleReadModel(note), ...changes.readModel } as ReadModel,
    store: { ...sampleStore(), ...changes.store },
    runner: {
      runNow: note('runNow', { ...noCounts, halted: false, problem: null }),
      setMode: note('setMode', undefined),
      ping: () => Promise.resolve(),
      ...changes.runner,
    },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    version: '0.1.0',
    hosts: 'loopback',
    page: consolePage,
    stopping: new AbortController().signal,
    nowMs: () => Date.now(),
    ...changes.rest,
  });
  const ask: SampleHub['ask'] = async (method, path, { role = 'owner', json, headers = {} } = {}) =>
    app.request(`http://localhost${path}`, {
      method,
      headers: {
        ...(role === null ? {} : { authorization: `Bearer ${tokens[role]}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  return { app, calls, logged, ask };
}

const noCounts = { read: 0, edited: 0, created: 0, deleted: 0, asked: 0, written: 0, refused: 0, setAside: 0 };
type Note = <Answer>(what: string, answer: Answer) => (...inputs: unknown[]) => Promise<Answer>;
const onePage = <Row>(row: Row) => ({ rows: [row], next: 'more' });

function sampleEngine(note: Note): Partial<Engine> {
  return {
    requestPlan: note('requestPlan', { plan: 7 }),
    requestUndo: note('requestUndo', { plan: 7 }),
    approvePlan: note('approvePlan', undefined),
    decide: note('decide', { conflict, deliveries: 1 }),
    decideAlike: note('decideAlike', {
      alike: 3,
      leftOut: 1,
      writes: { [erp]: 2 },
      replaced: 2,
      blanked: 0,
      sample: [conflict],
    }),
    explainRecord: note('explainRecord', explanation),
    linkRecords: note('linkRecords', { entity: entityId(1), writes: [], asks: [] }),
    unlinkRecord: note('unlinkRecord', { entity: entityId(1), own: null, restored: [], left: [] }),
    eraseRecord: note('eraseRecord', { state: 'erased', entity: entityId(1) }),
    recordAsOf: note('recordAsOf', sampleAsOf),
    verifyLedger: note('verifyLedger', sampleVerification),
    verify: async (_input, progress) => {
      progress?.(1);
      return { ok: true, compared: 2, agree: 2, differences: {}, unexplained: [], ms: 5 };
    },
  };
}

function sampleReadModel(note: Note): Partial<ReadModel> {
  return {
    pairStatus: note('pairStatus', status),
    pairStatuses: note('pairStatuses', [status]),
    runs: note('runs', onePage(run)),
    plans: note('plans', onePage(plan)),
    planItems: note(
      'planItems',
      onePage({
        seq: 1,
        entity: entityId(1),
        kind: 'update' as const,
        side: erp,
        key: recordKey('17'),
        label: 'Acme',
        unit: name,
        before: 'Acme',
        after: 'Acme Ltd',
        rule: 'either: ask',
        shape: null,
      }),
    ),
    records: note(
      'records',
      onePage({
        entity: entityId(1),
        standing: 'asked' as const,
        keys: { [crm]: recordKey('17') },
        changedAtMs: nowMs,
      }),
    ),
    entityByKey: note('entityByKey', { id: entityId(1), state: pack(state), tick: 7 }),
    entityLedger: note('entityLedger', onePage(ledgerEntry)),
    ledger: note('ledger', onePage(ledgerEntry)),
    entityDeliveries: note('entityDeliveries', [
      {
        id: 8,
        side: erp,
        state: 'done',
        kind: 'update',
        createdAtMs: nowMs,
        sentAtMs: nowMs,
        doneAtMs: nowMs,
        attempt: 1,
        outcome: 'accepted',
        fields: { name: 'Acme Ltd' },
      },
    ]),
    conflictGroups: note(
      'conflictGroups',
      onePage({
        pair: suppliers,
        kind: 'clash' as const,
        unit: name,
        shape: 's1',
        label: 'Acme | Acme Ltd',
        count: 3,
        exampleId: 41,
        oldestAtMs: nowMs,
        revision,
      }),
    ),
    conflicts: note('conflicts', onePage(conflict)),
    conflict: note('conflict', conflict),
    setAside: note(
      'setAside',
      onePage({ side: erp, place: 'suppliers.csv:12', reason: 'too few columns', key: null, atMs: nowMs }),
    ),
    entriesSince: note('entriesSince', [ledgerEntry]),
    workersAlive: note('workersAlive', 1),
  };
}

function sampleStore(): ApiDependencies['store'] {
  const rules = { sides: [{ name: crm }, { name: erp }] } as unknown as PairRules;
  const roleByHash = new Map(Object.entries(tokens).map(([role, token]) => [tokenHash(token), role as Role]));
  return {
    revision: () =>
      Promise.resolve({ pair: suppliers, id: revision, rules, text: 'pair: suppliers\n', connections: {} }),
    pair: (pair) =>
      pair === suppliers
        ? Promise.resolve(pairRow)
        : Promise.reject(new ParleyError('pair.not_found', `There is no pair ${pair}.`)),
    plan: (id) => Promise.resolve(id === plan.id ? plan : null),
    entities: () => Promise.resolve([{ id: entityId(1), state: pack(state), tick: 7 }]),
    retirement: () => Promise.resolve(null),
    tokenByHash: (hash) => {
      const role = roleByHash.get(hash);
      return Promise.resolve(role === undefined ? null : { name: `the ${role}`, role });
    },
    nowMs: () => Promise.resolve(nowMs),
    ping: () => Promise.resolve(),
  };
}
