import { afterEach, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.js';
import type { Authority, Policy, UnitRules } from '../../src/core/rules.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// SPEC I1, I2, I17, I21: every family of policies through the engine, on the real store.

let world: World;
afterEach(async () => {
  await world.close();
});

const ask: Policy = { kind: 'ask' };
const either = (policy: Policy): Authority => ({ kind: 'either', policy, blank: 'value' });

/** Both sides begin with `from`, agreed; then people type what stands under `typed`, in one cycle. */
type Case = {
  readonly what: string;
  readonly unit: Partial<UnitRules> & Pick<UnitRules, 'authority'>;
  readonly from: Json;
  readonly typed: { readonly crm?: Json; readonly erp?: Json };
  /** What both sides hold in the end; each its own where it is a pair. */
  readonly end: { readonly crm: Json; readonly erp: Json };
  readonly asked?: string;
  /** A value that is in the ledger although it does not stand. */
  readonly kept?: string;
  readonly says: string;
};

const highest: Policy = { kind: 'highest', monotone: false, otherwise: ask };
const both = (value: Json): Case['end'] => ({ crm: value, erp: value });

const cases: readonly Case[] = [
  {
    what: 'the highest number wins a clash',
    unit: { authority: either(highest), as: 'decimal', same: 'decimal' },
    from: '1',
    typed: { crm: '9', erp: '10.0' },
    end: both('10.0'),
    kept: '9',
    says: 'a clash goes to the highest value',
  },
  {
    what: 'numbers without an order are asked',
    unit: { authority: either(highest), as: 'decimal', same: 'decimal' },
    from: '1',
    typed: { crm: '9', erp: 'many' },
    end: { crm: '9', erp: 'many' },
    asked: 'clash',
    says: 'crm had not seen the change of erp',
  },
  {
    what: 'a monotone date that is taken back is put back',
    unit: { authority: either({ ...highest, monotone: true }), as: 'date', same: 'exact' },
    from: '2026-03-01',
    typed: { erp: '2026-02-01' },
    end: both('2026-03-01'),
    kept: '2026-02-01',
    says: 'the value never falls',
  },
  {
    what: 'lists keep what either side added and lose what either removed, each in its own form',
    unit: {
      authority: either({ kind: 'set', removes: 'add_wins', otherwise: ask }),
      as: 'list',
      same: 'list_exact',
      forms: { [crm]: { kind: 'separated', separator: '; ' }, [erp]: { kind: 'json' } },
    },
    from: null,
    typed: { crm: 'red; blue', erp: '["red", "green"]' },
    end: { crm: 'red; blue; green', erp: '["red","green","blue"]' },
    kept: 'green',
    says: 'keeps what any side added and drops what any side removed',
  },
  {
    what: 'texts that differ in different lines are merged',
    unit: { authority: either({ kind: 'text', by: 'lines', otherwise: ask }) },
    from: 'a\nb\nc\n',
    typed: { crm: 'A\nb\nc\n', erp: 'a\nb\nC\n' },
    end: both('A\nb\nC\n'),
    kept: 'A',
    says: 'a clash of different lines is merged',
  },
  {
    what: 'texts that differ in the same line are asked',
    unit: { authority: either({ kind: 'text', by: 'lines', otherwise: ask }) },
    from: 'a\n',
    typed: { crm: 'A\n', erp: 'B\n' },
    end: { crm: 'A\n', erp: 'B\n' },
    asked: 'clash',
    says: 'a person is asked',
  },
  {
    what: 'an expression makes a value of a clash',
    unit: {
      as: 'decimal',
      same: 'decimal',
      authority: either({
        kind: 'expression',
        expression: {
          text: 'base - (base - min(values))',
          variables: { base: { as: 'decimal', isList: false }, values: { as: 'decimal', isList: true } },
          result: { as: 'decimal', isList: false },
        },
        otherwise: ask,
      }),
    },
    from: '10',
    typed: { crm: '9.5', erp: '8.25' },
    end: both('8.25'),
    kept: '9.5',
    says: 'a clash becomes base - (base - min(values))',
  },
  {
    what: 'who decides depends on another field of the record',
    unit: {
      authority: {
        kind: 'when',
        condition: {
          text: 'name.startsWith("A")',
          variables: { name: { as: 'text', isList: false } },
          result: { as: 'boolean', isList: false },
        },
        use: { kind: 'master', side: crm, stray: 'restore', blank: 'keeps' },
        else: { kind: 'either', policy: ask, blank: 'value' },
        onFlip: 'nothing',
      },
    },
    from: '1',
    typed: { erp: '2' },
    end: both('1'),
    kept: 'startsWith',
    says: 'When name.startsWith("A"): crm alone decides this',
  },
  {
    what: 'a stray edit is proposed and stays where it was typed',
    unit: { authority: { kind: 'master', side: crm, stray: 'propose', blank: 'keeps' } },
    from: '1',
    typed: { erp: '2' },
    end: { crm: '1', erp: '2' },
    asked: 'proposal',
    kept: '2',
    says: 'erp proposes another value; a person may grant it, put it back or leave it.',
  },
];

test.for(cases)('$what', async ({ unit, from, typed, end, asked, kept, says }) => {
  const place = 'pairs/people.yaml:10';
  const paths = { [crm]: ['phone'], [erp]: ['phone'] };
  const rules: UnitRules = { name: 'phone' as never, as: 'text', same: 'exact', paths, place, ...unit };
  const [name] = worldRules().units;
  world = await openWorld({ rules: worldRules({ units: [name as UnitRules, rules] }) });
  world.crm.put({ id: '1', name: 'Ada', phone: from, street: null, city: null });
  world.erp.put({ id: '1', title: 'Ada', phone: from, address: null });
  await world.planAndApply();
  await world.cycle();
  if (typed.crm !== undefined) world.crm.edit(key('1'), { phone: typed.crm });
  if (typed.erp !== undefined) world.erp.edit(key('1'), { phone: typed.erp });
  for (let cycle = 0; cycle < 3; cycle += 1) await world.cycle();
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ phone: end.crm });
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: end.erp });
  const explained = await world.engine.explainRecord({ pair: world.pair, side: crm, key: key('1') });
  expect(explained.conflicts.filter(({ state }) => state === 'open').map(({ kind }) => kind)).toEqual(
    asked === undefined ? [] : [asked],
  );
  expect(explained.units.find((one) => one.unit === rules.name)?.sentences.join(' ')).toContain(says);
  const { rows } = await world.store.readModel.ledger(world.pair, { after: null, limit: 50 });
  if (kept !== undefined) expect(JSON.stringify(rows.map(({ payload }) => payload?.detail))).toContain(kept);
  const { ok, problems } = await world.engine.verifyLedger({ pair: world.pair });
  expect({ ok, problems }).toEqual({ ok: true, problems: [] });
});

test.for([
  [{ kind: 'keep', side: erp }, '2', '2', 'decided'],
  [{ kind: 'restore' }, '1', '1', 'decided'],
  [{ kind: 'leave' }, '1', '2', 'decided'],
] as const)('a proposal that is answered with %j ends with %s and %s', async ([choice, atCrm, atErp, state]) => {
  const [name, phone] = worldRules().units as readonly [UnitRules, UnitRules];
  const unit: UnitRules = { ...phone, authority: { kind: 'master', side: crm, stray: 'propose', blank: 'keeps' } };
  world = await openWorld({ rules: worldRules({ units: [name, unit] }) });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: null, city: null });
  world.erp.put({ id: '1', title: 'Ada', phone: '1', address: null });
  await world.planAndApply();
  world.erp.edit(key('1'), { phone: '2' });
  await world.cycle();
  const { rows } = await world.store.readModel.conflicts(
    { pair: world.pair, state: 'open', kind: 'proposal', unit: null, shape: null },
    { after: null, limit: 9 },
  );
  expect(rows).toMatchObject([{ label: '1 | 2', unit: 'phone' }]);
  const [asked] = rows;
  const answer = { conflict: asked?.id ?? 0, vv: asked?.vv ?? '', choice, by: 'jo', note: null };
  expect((await world.engine.decide(answer)).conflict.state).toBe(state);
  for (let cycle = 0; cycle < 2; cycle += 1) await world.cycle();
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ phone: atCrm });
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: atErp });
  await expect(world.engine.decide(answer)).rejects.toMatchObject({ code: 'conflict.already_decided' });
  expect(await world.engine.verifyLedger({ pair: world.pair })).toMatchObject({ ok: true, problems: [] });
});
