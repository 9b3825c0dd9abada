import { isBlank } from './mapping/equality.js';
import { decideUnit, type Decided, type Subject } from './decide.js';
import { actorOf, Counters, type Hub } from './hub.js';
import type { PairId, RecordKey, SideName } from './ids.js';
import type { Fact } from './ledger/entry.js';
import { deleteQuestion } from './presence.js';
import { recordQuestion, type Question } from './question.js';
import { recordRulesOn } from './record-rules.js';
import { registerOf } from './register.js';
import type { PairRules, UnitRules } from './rules.js';
import type { EntityState, Hold, Presence, Shadow } from './state.js';

/** Records of one other pair that name a record which is to be deleted on a side. */
export type Named = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly count: number;
  /** Those of some of them, on that side. */
  readonly keys: readonly RecordKey[];
};

/**
 * A record that is to be deleted, and that others name (semantics §1.13): nothing of it is deleted before they are moved,
 * blanked or gone. A person is told where a reference says `restrict`; other children go by themselves.
 */
export function heldByChildren(
  state: EntityState,
  rules: PairRules,
  named: readonly Named[],
): { readonly state: EntityState; readonly questions: readonly Question[] } {
  const restricting = named.filter(({ pair }) => restricts(rules, pair));
  const sides = Object.entries(state.sides).map(([name, shadow]): [string, Shadow] => [
    name,
    shadow.presence === 'present' && shadow.intent?.kind === 'delete' ? { ...shadow, intent: null } : shadow,
  ]);
  const hold: Hold = { kind: 'children', isAsked: restricting.length > 0 };
  const held: EntityState = { ...state, hold, sides: Object.fromEntries(sides) };
  const [first] = restricting;
  if (first === undefined) return { state: held, questions: [] };
  const note = `${namedSentence(restricting)} It is not deleted there before none does.`;
  const rule = `parent_deleted: restrict (${restricting.map(({ pair }) => pair).join(', ')})`;
  return {
    state: held,
    questions: [recordQuestion('delete', held, first.side, { note, rule, shape: `named ${first.pair}` })],
  };
}

/** `2 records of contacts name it in erp: 11, 12.` */
export function namedSentence(named: readonly Named[]): string {
  return named
    .map(({ pair, side, count, keys }) => {
      const some = count > keys.length ? `${keys.join(', ')} and others` : keys.join(', ');
      return `${count === 1 ? '1 record' : `${count} records`} of ${pair} ${count === 1 ? 'names' : 'name'} it in ${side}: ${some}.`;
    })
    .join(' ');
}

/** What some reference of the pair says; a pair that this one no longer knows holds nothing back. */
export function restricts({ children = [] }: Pick<PairRules, 'children'>, pair: PairId): boolean {
  return children.some((child) => child.pair === pair && child.parentDeleted === 'restrict');
}

/** A record that is wanted again, or that a person is asked about for another reason, waits for its children no more. */
export function holdAfter({ hold, presence: before, sides }: EntityState, presence: Presence): Hold | null {
  if (hold?.kind === 'children') return presence.kind === 'tombstone' ? hold : null;
  // A delete that is on its way and was taken back is no word about that one record: it is made again.
  const isTakenBack = before.kind !== 'live' && presence.kind === 'live';
  const isUnderWay = Object.values(sides).some(({ intent }: Shadow) => intent?.kind === 'delete');
  return hold?.kind === 'left' && isTakenBack && isUnderWay ? null : hold;
}

/** What a reference named was deleted: the reference is blanked on all sides, as a decision of the hub. Null: it is. */
export function nullified(subject: Subject, unit: UnitRules): Decided | null {
  const { state } = subject;
  const { value, status } = registerOf(state, unit.name);
  if (status === 'settled' && isBlank(value)) return null;
  if (state.presence.kind !== 'live') return null;
  const decided = decideUnit(subject, unit, { value: null, rule: 'parent_deleted: nullify' }, nobody);
  return { ...decided, fact: { ...decided.fact, actor: { kind: 'rule' } } };
}

const nobody = { name: 'rule', note: null };

/**
 * What a reference named was deleted on `side`, and so are the records that name it, as if they had been deleted there: as
 * `deletes` of their own pair says. A record that has to stay would keep its parent from going, so a person is asked.
 */
export function cascaded(
  { entity, state, hub }: Subject,
  unit: UnitRules,
  side: SideName,
): { readonly state: EntityState; readonly fact: Fact; readonly questions: readonly Question[] } | null {
  if (state.presence.kind !== 'live') return null;
  const counters = new Counters(state.counters);
  const dot = counters.next(actorOf(hub, side));
  const seen = Object.fromEntries(hub.rules.units.map(({ name }) => [name, registerOf(state, name).vv]));
  const { deletes } = recordRulesOn(side, state, hub);
  const isDecided = deletes === 'delete' || deletes === 'archive';
  const presence: Presence = isDecided ? { kind: 'tombstone', dot, seen } : { kind: 'delete_held', side, dot, seen };
  const next: EntityState = { ...state, counters: counters.counts, presence };
  const fact: Fact = {
    kind: 'decided',
    entity,
    side: null,
    actor: { kind: 'rule' },
    rule: `parent_deleted: cascade (${unit.place})`,
    dot,
    effects: [],
    detail: { choice: isDecided ? 'delete' : 'ask', unit: unit.name, side },
    lo: hub.nowMs,
    hi: hub.nowMs,
  };
  return { state: next, fact, questions: isDecided ? [] : [orphanQuestion(next, hub, unit, side)] };
}

function orphanQuestion(state: EntityState, hub: Hub, unit: UnitRules, side: SideName): Question {
  const parent = unit.reference?.pair ?? unit.name;
  const note = `The record of ${parent} that it names (${unit.name}) was deleted in ${side}, and waits for this one to go first.`;
  return { ...deleteQuestion(state, hub, side), note };
}
