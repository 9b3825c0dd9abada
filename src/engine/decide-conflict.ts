import { vectorText } from '../core/clock/version-vector.js';
import {
  decideCreate,
  decideDelete,
  decideLoop,
  decideProposal,
  decideRefused,
  decideUnit,
  valueOf,
  type By,
  type Decided,
} from '../core/decide.js';
import { isNumber, isSummed } from '../core/delta.js';
import { decideDuplicate } from '../core/duplicate.js';
import { ParleyError } from '../core/errors.js';
import type { SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { loopVersion } from '../core/loop.js';
import { isBlank } from '../core/mapping/equality.js';
import { proposalVersion } from '../core/proposal.js';
import type { PlannedWrite } from '../core/plan-writes.js';
import { recordVersion } from '../core/question.js';
import { referenceParts } from '../core/reference.js';
import { registerOf } from '../core/register.js';
import type { PairRules, UnitRules } from '../core/rules.js';
import { settle } from '../core/settle.js';
import type { EntityState } from '../core/state.js';
import type { Choice, DecideAlikeInput, DecideAlikeResult, DecideInput, DecideResult, EnginePorts } from './engine.js';
import { namesWith, releaseCandidates } from './identify.js';
import { linkToRecord } from './link.js';
import { Page } from './page.js';
import { answerInvariant, invariantVerbs } from './answer-invariant.js';
import { answerUndo } from './answer-undo.js';
import { activeRevision } from './revision.js';
import type { ConflictRow, PairTransaction } from './store.js';
import { settleMode, settleOn } from './take-page.js';

/**
 * Takes a person's answer to one question, by compare-and-set: `vv` is what the register was when they looked, and an
 * answer to something that changed since is refused with what is there now (semantics §2.3, R19).
 */
export async function decide(ports: EnginePorts, input: DecideInput): Promise<DecideResult> {
  const conflict = await conflictOf(ports, input.conflict);
  refuseUnlessOpen(conflict);
  const { rules } = await activeRevision(ports, await ports.store.pair(conflict.pair));
  const deliveries = await ports.store.transact(conflict.pair, async (transaction) => {
    const page = reviewPage(ports, transaction, rules);
    const [open] = (await transaction.openConflicts([conflict.entity])).filter(({ id }) => id === conflict.id);
    if (open === undefined) throw alreadyDecided(conflict);
    await page.fetch([conflict.entity]);
    if (open.vv !== input.vv || currentVector(page.state(conflict.entity), open) !== input.vv) throw changed(conflict);
    await decideOn(transaction, {
      page,
      rules,
      conflict: open,
      choice: input.choice,
      by: { name: input.by, note: input.note },
    });
    await page.commit();
    return page.deliveryCount;
  });
  await ports.runner.poke(conflict.pair);
  const after = await conflictOf(ports, conflict.id);
  return { conflict: after, deliveries };
}

/**
 * The same answer for every open question of one shape. A dry run decides in memory and counts; rows that changed since
 * they were asked are left out and counted, never guessed.
 */
export async function decideAlike(ports: EnginePorts, input: DecideAlikeInput): Promise<DecideAlikeResult> {
  const like = await conflictOf(ports, input.like);
  const { rules } = await activeRevision(ports, await ports.store.pair(like.pair));
  const total = {
    alike: 0,
    leftOut: 0,
    replaced: 0,
    blanked: 0,
    writes: {} as { [side: SideName]: number },
    sample: [] as ConflictRow[],
  };
  let after: string | null = null;
  do {
    const { rows, next } = await ports.readModel.conflicts(
      { pair: like.pair, state: 'open', kind: like.kind, unit: like.unit, shape: like.shape },
      { after, limit: 500 },
    );
    total.alike += rows.length;
    for (const row of rows) if (total.sample.length < 12) total.sample.push(row);
    if (input.dryRun) await preview(ports, rules, rows, input.choice, total);
    else await decideRows(ports, rules, rows, input, total);
    after = next;
  } while (after !== null);
  if (!input.dryRun && total.alike > 0) await ports.runner.poke(like.pair);
  return total;
}

type Total = { leftOut: number; replaced: number; blanked: number; writes: { [side: SideName]: number } };

async function decideRows(
  ports: EnginePorts,
  rules: PairRules,
  rows: readonly ConflictRow[],
  input: DecideAlikeInput,
  total: Total,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  await ports.store.transact(first.pair, async (transaction) => {
    const page = reviewPage(ports, transaction, rules);
    const open = new Map(
      (await transaction.openConflicts(rows.map(({ entity }) => entity))).map((row) => [row.id, row]),
    );
    await page.fetch(rows.map(({ entity }) => entity));
    for (const { id } of rows) {
      const row = open.get(id);
      const before = row === undefined ? undefined : page.state(row.entity);
      if (row === undefined || before === undefined || currentVector(before, row) !== row.vv) {
        total.leftOut += 1;
        continue;
      }
      await decideOn(transaction, {
        page,
        rules,
        conflict: row,
        choice: input.choice,
        by: { name: input.by, note: input.note },
      });
      countWrites(before, page.state(row.entity), total);
    }
    await page.commit();
  });
}

/** What deciding would write, computed on the stored states and thrown away: the transaction commits nothing. */
async function preview(
  ports: EnginePorts,
  rules: PairRules,
  rows: readonly ConflictRow[],
  choice: Choice,
  total: Total,
): Promise<void> {
  await ports.store.transact(rules.pair, async (transaction) => {
    const page = reviewPage(ports, transaction, rules);
    await page.fetch(rows.map(({ entity }) => entity));
    for (const row of rows) {
      const before = page.state(row.entity);
      if (before === undefined || currentVector(before, row) !== row.vv) {
        total.leftOut += 1;
        continue;
      }
      const { state } = answer({ page, rules, conflict: row, choice, by: { name: 'preview', note: null } }, before);
      countWrites(before, settle(row.entity, state, page.hub, 'write').state, total);
    }
  });
}

function countWrites(before: EntityState, after: EntityState | undefined, total: Total): void {
  for (const [name, shadow] of Object.entries(after?.sides ?? {})) {
    const side = name as SideName;
    const intent = shadow.intent;
    if (intent == null || before.sides[side]?.intent != null) continue;
    total.writes[side] = (total.writes[side] ?? 0) + 1;
    for (const [unit, { raw }] of Object.entries(intent.units) as unknown as readonly [
      UnitName,
      { readonly raw: Json },
    ][]) {
      const old = before.sides[side]?.raws[unit] ?? null;
      if (isBlank(old)) continue;
      total.replaced += 1;
      if (isBlank(raw)) total.blanked += 1;
    }
  }
}

/** One answer to one question, on its way into a page. */
type Answering = {
  readonly page: Page;
  readonly rules: PairRules;
  readonly conflict: ConflictRow;
  readonly choice: Choice;
  readonly by: By;
};

async function decideOn(transaction: PairTransaction, answering: Answering): Promise<void> {
  const { page, rules, conflict, choice, by } = answering;
  const state = page.state(conflict.entity);
  if (state === undefined) throw changed(conflict);
  if (conflict.kind === 'match' && choice.kind === 'link') {
    const named = { entity: conflict.entity, side: choice.side, key: choice.key };
    const person = { kind: 'person', name: by.name } as const;
    await linkToRecord(transaction, page, rules, named, { actor: person, rule: 'link', note: by.note });
  } else {
    const { state: next, fact, writes = [] } = answer(answering, state);
    if (writes.length > 0 && settleMode(transaction.pair) === 'hold')
      throw badChoice(conflict, 'writes are held now; answer it when they go on');
    if (conflict.kind === 'match' || conflict.kind === 'create') await refuseTaken(transaction, page, conflict, next);
    if (conflict.kind === 'match') await keepApart(transaction, page, state);
    page.take(conflict.entity, { state: next, facts: [fact], writes });
    settleOn(page, conflict.entity, rules, settleMode(transaction.pair));
  }
  const waited = conflict.kind === 'match' ? [{ entity: conflict.entity, state }] : [];
  for (const id of await releaseCandidates(transaction, page, waited))
    settleOn(page, id, rules, settleMode(transaction.pair));
  page.close({
    entity: conflict.entity,
    unit: conflict.unit,
    kind: conflict.kind,
    state: 'decided',
    decidedBy: by.name,
    choice: choice,
  });
  page.count('decided');
}

/** What was asked about is not one: remembered, so that no rule of likeness asks it again. */
async function keepApart(transaction: PairTransaction, page: Page, state: EntityState): Promise<void> {
  if (state.hold?.kind !== 'match') return;
  const { candidates } = state.hold;
  page.load(await transaction.entitiesByIds(candidates));
  for (const [side, { key }] of Object.entries(state.sides))
    for (const other of candidates)
      for (const name of namesWith(page, { side: side as SideName, key }, other)) page.found.keepApart(name);
}

/** A record belongs to one entity (SPEC I15): none is created where one of another entity is. */
async function refuseTaken(
  transaction: PairTransaction,
  page: Page,
  conflict: ConflictRow,
  next: EntityState,
): Promise<void> {
  for (const [name, shadow] of Object.entries(next.sides)) {
    const side = name as SideName;
    if (shadow.presence !== 'awaited') continue;
    const holders = await transaction.entitiesByKeys(side, [shadow.key]);
    page.load(holders);
    const isTaken = holders.some(({ id }) => {
      const held = page.state(id)?.sides[side];
      return id !== conflict.entity && held?.presence === 'present' && held.key === shadow.key;
    });
    if (isTaken)
      throw badChoice(conflict, `the record that would be made in ${side} is there, and belongs to another one`);
  }
}

/** The verbs that each kind of question understands. */
function answer(
  { page, rules, conflict, choice, by }: Answering,
  state: EntityState,
): Decided & { readonly writes?: readonly PlannedWrite[] } {
  const { entity, kind } = conflict;
  const subject = { entity, state, hub: page.hub };
  if (kind === 'clash' || kind === 'proposal') {
    const unit = rules.units.find(({ name }) => name === conflict.unit);
    if (unit === undefined) throw badChoice(conflict, 'the file no longer has this field');
    if (choice.kind === 'keep' || choice.kind === 'value')
      return decideUnit(subject, unit, valueFor(state, unit, choice, conflict), by);
    if (kind === 'proposal' && (choice.kind === 'restore' || choice.kind === 'leave'))
      return decideProposal(subject, unit, choice.kind, by);
  }
  if (kind === 'invariant') {
    const answered = answerInvariant(subject, choice, by);
    if ('fault' in answered) throw badChoice(conflict, answered.fault);
    return answered;
  }
  if (kind === 'undo') {
    const unit = rules.units.find(({ name }) => name === conflict.unit);
    const answered = answerUndo(subject, conflict, { choice, by, unit });
    if (answered !== undefined) return answered;
  }
  if (kind === 'tripped' || kind === 'parked') {
    const unit = rules.units.find(({ name }) => name === conflict.unit);
    if (unit === undefined) throw badChoice(conflict, 'the file no longer has this field');
    if (choice.kind === 'retry' || choice.kind === 'leave') return decideLoop(subject, unit, choice.kind, by);
  }
  if (kind === 'delete' && (choice.kind === 'delete' || choice.kind === 'restore' || choice.kind === 'leave'))
    return decideDelete(subject, choice.kind, by);
  if (kind === 'duplicate' && (choice.kind === 'delete' || choice.kind === 'leave'))
    return decideDuplicate(subject, choice.kind, by);
  if ((kind === 'create' || kind === 'match') && (choice.kind === 'copy' || choice.kind === 'leave'))
    return decideCreate(subject, choice.kind, by);
  if (kind === 'refused' && (choice.kind === 'retry' || choice.kind === 'leave')) {
    const side = Object.entries(state.sides).find(
      ([, shadow]) => (shadow as { refused: string | null }).refused !== null,
    )?.[0];
    if (side === undefined) throw changed(conflict);
    return decideRefused(subject, side as SideName, choice.kind, by);
  }
  throw badChoice(conflict, verbs[kind]);
}

const verbs: { readonly [kind in ConflictRow['kind']]: string } = {
  clash: 'choose --keep SIDE or --value TEXT',
  invariant: invariantVerbs,
  proposal: 'choose --keep SIDE, --value TEXT, --restore or --leave',
  undo: 'choose --restore or --leave; for a record that was made, --delete or --leave',
  delete: 'choose --delete, --restore or --leave',
  create: 'choose --copy or --leave',
  match: 'choose --link SIDE:KEY, --copy or --leave',
  tripped: 'choose --retry or --leave',
  parked: 'choose --retry or --leave',
  duplicate: 'choose --delete or --leave',
  refused: 'choose --retry or --leave',
};

function valueFor(
  state: EntityState,
  unit: UnitRules,
  choice: Choice,
  conflict: ConflictRow,
): { value: Json; rule: string } {
  if (choice.kind === 'value') {
    const members = Math.max(...Object.values(unit.paths).map((paths: readonly string[]) => paths.length));
    const isWhole = members === 1 || (Array.isArray(choice.value) && choice.value.length === members);
    // One text for a group would blank its members everywhere.
    if (!isWhole)
      throw badChoice(conflict, `${unit.name} is a group of ${members} fields and needs a list of ${members} values`);
    if (isSummed(unit) && !isNumber(choice.value))
      throw badChoice(conflict, `${unit.name} needs a number to count from`);
    if (unit.as === 'reference' && !isNamed(unit, choice.value))
      throw badChoice(conflict, `${unit.name} names a record, which is typed as SIDE:KEY`);
    return { value: choice.value, rule: 'a value was typed' };
  }
  if (choice.kind !== 'keep') throw badChoice(conflict, verbs[conflict.kind]);
  const value = valueOf(state, unit, choice.side);
  if (value === undefined) throw badChoice(conflict, `${choice.side} has no value to keep`);
  return { value, rule: `keep ${choice.side}` };
}

/** Whether a value that was typed names a record of a side, or nothing. */
function isNamed(unit: UnitRules, value: Json): boolean {
  const parts = referenceParts(value);
  return isBlank(value) || (parts !== null && parts.key !== '' && unit.paths[parts.side] !== undefined);
}

function currentVector(state: EntityState | undefined, conflict: ConflictRow): string | null {
  if (state === undefined) return null;
  if (conflict.kind === 'proposal' && conflict.unit !== null) return proposalVersion(registerOf(state, conflict.unit));
  if ((conflict.kind === 'tripped' || conflict.kind === 'parked') && conflict.unit !== null)
    return loopVersion(conflict.kind, registerOf(state, conflict.unit));
  return (conflict.kind === 'clash' || conflict.kind === 'undo') && conflict.unit !== null
    ? vectorText(registerOf(state, conflict.unit).vv)
    : recordVersion(conflict.kind, state);
}

async function conflictOf(ports: EnginePorts, id: number): Promise<ConflictRow> {
  const conflict = await ports.readModel.conflict(id);
  if (conflict === null)
    throw new ParleyError('conflict.not_found', `There is no question CF-${id}.`, { hint: 'parley review list' });
  return conflict;
}

function refuseUnlessOpen(conflict: ConflictRow): void {
  if (conflict.state !== 'open') throw alreadyDecided(conflict);
}

function alreadyDecided(conflict: ConflictRow): ParleyError {
  const who = conflict.decidedBy === null ? 'It closed by itself' : `${conflict.decidedBy} decided it`;
  return new ParleyError(
    'conflict.already_decided',
    `CF-${conflict.id} is no longer open. ${who}; nothing was changed now.`,
    { hint: `parley review show CF-${conflict.id}` },
  );
}

function changed(conflict: ConflictRow): ParleyError {
  return new ParleyError('conflict.changed', `CF-${conflict.id} changed since you looked at it. Nothing was decided.`, {
    hint: `parley review show CF-${conflict.id}`,
  });
}

function badChoice(conflict: ConflictRow, what: string): ParleyError {
  return new ParleyError(
    'conflict.bad_choice',
    `CF-${conflict.id} cannot be answered like this: ${what}. Nothing was decided.`,
    { hint: `parley review show CF-${conflict.id}` },
  );
}

function reviewPage(ports: EnginePorts, transaction: PairTransaction, rules: PairRules): Page {
  return new Page(transaction, {
    rules,
    source: 'review',
    run: { id: transaction.pair.nextRun, kind: 'decide' },
    hasher: ports.hasher,
    evaluate: ports.evaluate,
  });
}
