import { namedSentence, restricts } from '../core/children.js';
import { ParleyError } from '../core/errors.js';
import type { SideName } from '../core/ids.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import { answer, badChoice, changed, currentVector, type Answering } from './answer-question.js';
import type { Choice, DecideInput, DecideResult, EnginePorts } from './engine.js';
import { namesWith, releaseCandidates } from './identify.js';
import { linkToRecord } from './link.js';
import { namedParents } from './named-parents.js';
import { Page } from './page.js';
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
    if (open.vv !== input.vv || hasMoved(page, open, input.choice)) throw changed(conflict);
    await refuseNamed(transaction, rules, open, { choice: input.choice, state: page.state(conflict.entity) });
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
 * Whether the record is another one than was asked about. To leave what an undo would take back changes nothing, whatever
 * the record is by now: without that a question about a record that moved on could never be closed.
 */
function hasMoved(page: Page, open: ConflictRow, choice: Choice): boolean {
  if (open.kind === 'undo' && choice.kind === 'leave') return false;
  return currentVector(page.state(open.entity), open) !== open.vv;
}

/** A record that others name there is not deleted on anybody's word: they go first (SPEC I14). */
async function refuseNamed(
  transaction: PairTransaction,
  rules: PairRules,
  conflict: ConflictRow,
  { choice, state }: { readonly choice: Choice; readonly state: EntityState | undefined },
): Promise<void> {
  if (conflict.kind !== 'delete' || choice.kind !== 'delete' || state === undefined) return;
  const places = Object.entries(state.sides).flatMap(([side, { presence, key }]) =>
    presence === 'present' ? [{ entity: conflict.entity, side: side as SideName, key }] : [],
  );
  const [named] = await namedParents(transaction, rules, places);
  const restricting = named?.rows.filter(({ pair }) => restricts(rules, pair)) ?? [];
  if (restricting.length > 0) throw badChoice(conflict, namedSentence(restricting).replace(/\.$/, ''));
}

export async function decideOn(transaction: PairTransaction, answering: Answering): Promise<void> {
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

export async function conflictOf(ports: EnginePorts, id: number): Promise<ConflictRow> {
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

export function reviewPage(ports: EnginePorts, transaction: PairTransaction, rules: PairRules): Page {
  return new Page(transaction, {
    rules,
    source: 'review',
    run: { id: transaction.pair.nextRun, kind: 'decide' },
    hasher: ports.hasher,
    evaluate: ports.evaluate,
  });
}
