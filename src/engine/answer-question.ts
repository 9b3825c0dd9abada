import { vectorText } from '../core/clock/version-vector.js';
import {
  decideCreate,
  decideDelete,
  decideLoop,
  decideProposal,
  decideUnit,
  valueOf,
  type By,
  type Decided,
} from '../core/decide.js';
import { isNumber, isSummed } from '../core/delta.js';
import { answerRefused, decideDuplicate } from '../core/duplicate.js';
import { ParleyError } from '../core/errors.js';
import type { SideName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { loopVersion } from '../core/loop.js';
import { isBlank } from '../core/mapping/equality.js';
import type { PlannedWrite } from '../core/planned-write.js';
import { proposalVersion } from '../core/proposal.js';
import { recordVersion } from '../core/question.js';
import { referenceParts } from '../core/reference.js';
import { registerOf } from '../core/register.js';
import type { PairRules, UnitRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import { answerInvariant, invariantVerbs } from './answer-invariant.js';
import { answerUndo } from './answer-undo.js';
import type { Choice } from './engine.js';
import type { Page } from './page.js';
import type { ConflictRow } from './store.js';

/** One answer to one question, on its way into a page. */
export type Answering = {
  readonly page: Page;
  readonly rules: PairRules;
  readonly conflict: ConflictRow;
  readonly choice: Choice;
  readonly by: By;
};

/** The verbs that each kind of question understands. */
export function answer(
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
    return answerRefused(subject, side as SideName, choice.kind, by);
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

export function currentVector(state: EntityState | undefined, conflict: ConflictRow): string | null {
  if (state === undefined) return null;
  if (conflict.kind === 'proposal' && conflict.unit !== null) return proposalVersion(registerOf(state, conflict.unit));
  if ((conflict.kind === 'tripped' || conflict.kind === 'parked') && conflict.unit !== null)
    return loopVersion(conflict.kind, registerOf(state, conflict.unit));
  return (conflict.kind === 'clash' || conflict.kind === 'undo') && conflict.unit !== null
    ? vectorText(registerOf(state, conflict.unit).vv)
    : recordVersion(conflict.kind, state);
}

export function changed(conflict: ConflictRow): ParleyError {
  return new ParleyError('conflict.changed', `CF-${conflict.id} changed since you looked at it. Nothing was decided.`, {
    hint: `parley review show CF-${conflict.id}`,
  });
}

export function badChoice(conflict: ConflictRow, what: string): ParleyError {
  return new ParleyError(
    'conflict.bad_choice',
    `CF-${conflict.id} cannot be answered like this: ${what}. Nothing was decided.`,
    { hint: `parley review show CF-${conflict.id}` },
  );
}
