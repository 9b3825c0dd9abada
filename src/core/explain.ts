import { unreachable } from './assert.js';
import { compare, vectorText } from './clock/version-vector.js';
import { conditionText } from './condition.js';
import { isSummed } from './delta.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import { isWaitingForLate } from './late.js';
import { isTripped, parkedSides } from './loop.js';
import { isPaced, paceEndsMs } from './pace.js';
import { isBlank } from './mapping/equality.js';
import { getValue, holdsValue, sameIn } from './mapping/mapping.js';
import { totalSentence } from './question.js';
import { contextOf } from './register.js';
import type { Policy, StrayRule, UnitRules } from './rules.js';
import type { EntityState, Register, Shadow } from './state.js';

/**
 * The state of one unit in sentences for people (SPEC I21): total over all states, no numbers that only an engineer
 * reads. Sides carry the names from the file.
 */
export function explainUnit(unit: UnitRules, register: Register, state: EntityState): readonly string[] {
  const sides = Object.keys(unit.paths) as SideName[];
  const isTogether = register.status === 'settled' && (state.broken?.units.includes(unit.name) ?? false);
  const sentences = [
    authoritySentence(unit),
    isTogether ? togetherSentence(state) : statusSentence(unit, register, sides),
  ];
  for (const side of sides) {
    const sentence = sideSentence(unit, register, side, state);
    if (sentence !== null) sentences.push(sentence);
  }
  return sentences;
}

export function authoritySentence(unit: UnitRules): string {
  const { authority } = unit;
  if (authority.kind === 'when') {
    const [use, otherwise] = [authority.use, authority.else].map((part) =>
      authoritySentence({ ...unit, authority: part }),
    );
    return `When ${conditionText(authority.condition)}: ${use} Else: ${otherwise}`;
  }
  if (authority.kind === 'master') {
    const others = Object.entries(authority.strayOn ?? {}).map(([side, rule]) => `, in ${side} ${strayClauses[rule]}`);
    const stray = `an edit elsewhere ${strayClauses[authority.stray]}${others.join('')}`;
    return `${authority.side} alone decides this; ${stray} (${unit.place}).`;
  }
  const first = authority.first === undefined ? '' : `; when records meet, ${clashClause(authority.first)}`;
  return `Either side may edit this; ${clashClause(authority.policy)}${first} (${unit.place}).`;
}

const strayClauses: { readonly [rule in StrayRule]: string } = {
  restore: 'is put back',
  leave: 'is left and marked',
  propose: 'is left, and a person may grant it',
};

/** What a policy does with a clash, as the end of a sentence. */
function clashClause(policy: Policy): string {
  switch (policy.kind) {
    case 'ask':
      return 'a clash is asked';
    case 'prefer':
      return 'a clash goes to the preferred side';
    case 'newest':
      return 'a clash goes to the newest edit';
    case 'highest':
    case 'lowest': {
      const never = policy.kind === 'highest' ? 'falls' : 'rises';
      return `a clash goes to the ${policy.kind} value${policy.monotone ? `, and the value never ${never}` : ''}`;
    }
    case 'set':
      return 'a clash keeps what any side added and drops what any side removed';
    case 'expression':
      return `a clash becomes ${policy.expression.text}`;
    case 'delta':
      return 'what each side adds to it is added up';
    case 'text':
      return `a clash of different ${policy.by} is merged`;
    default:
      return unreachable(policy);
  }
}

function statusSentence(unit: UnitRules, register: Register, sides: readonly SideName[]): string {
  if (register.winner === null && isBlank(register.value) && register.siblings.length === 0)
    return 'No side that decides has ever given a value.';
  const { proposal } = register;
  switch (register.status) {
    case 'settled':
      if (isTripped(register)) return trippedSentence(register);
      if (proposal === null) return 'Nothing is undecided.';
      return proposal.sides.length === 0
        ? 'What was proposed is over; the next decision closes the question.'
        : `${proposal.sides.join(' and ')} proposes another value; a person may grant it, put it back or leave it.`;
    case 'unsettled':
      return 'Different values were read and wait for the next decision.';
    case 'asked':
    case 'asked_moved': {
      if (isSummed(unit)) return `${totalSentence(register)} A person is asked (${unit.name}).`;
      const editors = register.siblings.flatMap(({ side }) => (side === null ? [] : [side]));
      const neverAgreed = register.siblings.every(({ base }) => isBlank(base));
      if (neverAgreed)
        return `${sides.join(' and ')} were linked with different values. They have never agreed; a person is asked.`;
      const [left = sides[0], right = sides[1]] = editors;
      return (
        `${left} had not seen the change of ${right}, ` +
        `and ${right} had not seen the change of ${left}; a person is asked (${unit.name}).`
      );
    }
  }
}

function togetherSentence({ broken }: EntityState): string {
  const [units, rules] = [broken?.units ?? [], broken?.rules ?? []];
  return (
    `${units.join(' and ')} were changed by sides that had not seen each other's change, and break ` +
    `${rules.join(' and ')} only together; a person is asked, and none of them is written.`
  );
}

function trippedSentence({ loop }: Register): string {
  const sides = [...new Set(loop?.chain.map(({ side }) => side))];
  const who = sides.length === 0 ? 'A side' : sides.join(' and ');
  return `Stopped: ${who} changed it again and again, each time in answer to what was written there; a person is asked.`;
}

function sideSentence(unit: UnitRules, register: Register, side: SideName, state: EntityState): string | null {
  const shadow = state.sides[side];
  const waits = state.waits.filter((wait) => wait.unit === unit.name && wait.side === side).map(({ on }) => on);
  if (waits.length > 0 && unit.reference !== undefined)
    return `${side} waits for ${waits.join(' and ')} of ${unit.reference.pair}, which has no record there yet.`;
  if (shadow === undefined || shadow.presence === 'awaited') return `${side} does not have this record yet.`;
  if (shadow.presence !== 'present') return withdrawnSentence(side, shadow.presence);
  if (register.proposal?.sides.includes(side)) return `${side} keeps what it proposes until somebody answers.`;
  if (register.override.includes(side))
    return `${side} keeps its own value; a rule or a person says that it may differ.`;
  if (parkedSides(register).includes(side))
    return `${side} takes the value and shows no effect; it is not written again until it changes or somebody says so.`;
  if (shadow.intent?.units[unit.name] !== undefined) return `A change is on its way to ${side}.`;
  if (shadow.refused?.includes(`${unit.name} `)) return `${side} would not have the change.`;
  if (register.status === 'settled' && isWaitingForLate(unit, side, shadow, register))
    return `${side} may still make an earlier write of this field that was given up; the change waits until it cannot any more.`;
  const ordering = compare(contextOf(register, side), register.vv);
  const held = heldSentence(unit, register, side, shadow.raws[unit.name]);
  if (ordering === 'equal' || ordering === 'after') return `${side} has received everything.${held}`;
  if (register.noop[side] !== undefined)
    return `${side} already held an equal value; nothing had to be written.${held}`;
  if (register.status === 'settled' && isPaced(register, side)) return pacedSentence(register, side);
  return register.status === 'settled'
    ? `${side} is behind: it has not yet received the last change.`
    : `${side} keeps its own value meanwhile.`;
}

function pacedSentence(register: Register, side: SideName): string {
  const count = register.paces?.[side]?.count ?? 0;
  const at = new Date(paceEndsMs(register, side)).toISOString().slice(11, 16);
  return (
    `${side} was written ${count} times within an hour, which is as often as the file allows; ` +
    `the last change follows by itself after ${at} UTC.`
  );
}

/** What a side holds where that is the agreed value as the side is declared to store it. */
function heldSentence(unit: UnitRules, { value }: Register, side: SideName, raw: Json | undefined): string {
  if (unit.stores?.[side] === undefined || raw === undefined || sameIn(unit, value, getValue(unit, side, raw)))
    return '';
  return holdsValue(unit, side, value, raw) ? ' It holds what it makes of the value when it stores it.' : '';
}

function withdrawnSentence(side: SideName, presence: Exclude<Shadow['presence'], 'present' | 'awaited'>): string {
  switch (presence) {
    case 'gone':
      return `${side} deleted this record.`;
    case 'hidden':
      return `${side} does not show this record any more; nothing is written or deleted because of that.`;
    case 'outside':
      return `${side} has this record, and the file does not mean it any more; it takes no part until it is back.`;
    case 'archived':
      return `${side} has this record in its archive, because it was deleted elsewhere; it is not written while it is there.`;
    case 'duplicate':
      return `${side} has this record twice since its counterparts were merged; this one is not written.`;
    default:
      return unreachable(presence);
  }
}

/** The vectors, for those who want the numbers. */
export function vectorsOf(register: Register): { agreed: string; delivered: { readonly [side: SideName]: string } } {
  const delivered: { [side: SideName]: string } = {};
  for (const side of Object.keys(register.delivered) as SideName[])
    delivered[side] = vectorText(contextOf(register, side));
  return { agreed: vectorText(register.vv), delivered };
}
