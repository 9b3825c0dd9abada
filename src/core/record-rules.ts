import { judged, verdictDetail } from './condition.js';
import { sideRules, type Hub } from './hub.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import type { ByRecord, CreateRule, DeleteRule, EditedRule, RefusedRule, SideRules } from './rules.js';
import type { EntityState } from './state.js';

/** What a side's rules about whole records come to for one record. */
export type RecordRules = {
  readonly creates: CreateRule;
  readonly deletes: DeleteRule;
  /** Undefined where the file says nothing: what follows then depends on `deletes`. */
  readonly edited: EditedRule | undefined;
  readonly refused: RefusedRule;
};

/**
 * The rules of a side for one record, each by its condition on what is agreed of the record now (semantics §2.2, §2.4).
 * Where a condition cannot be told, a person is asked.
 */
export function recordRules(
  { creates, deletes, edited, refused = 'ask' }: SideRules,
  state: EntityState,
  hub: Hub,
): RecordRules {
  return {
    creates: ruleOf<CreateRule>(creates, state, hub),
    deletes: ruleOf<DeleteRule>(deletes, state, hub),
    edited: edited && ruleOf<EditedRule>(edited, state, hub),
    refused: ruleOf<RefusedRule>(refused, state, hub),
  };
}

export function recordRulesOn(side: SideName, state: EntityState, hub: Hub): RecordRules {
  return recordRules(sideRules(hub.rules, side), state, hub);
}

function ruleOf<Rule extends string>(rule: ByRecord<Rule>, state: EntityState, hub: Hub): Rule | 'ask' {
  if (typeof rule === 'string') return rule;
  const { holds } = judged(rule.when, state, hub);
  return holds === null ? 'ask' : holds ? rule.use : rule.else;
}

/** What the condition of a rule looked at and how it went, for the entry that follows from it; nothing without a condition. */
export function judgedDetail<Rule extends string>(
  rule: ByRecord<Rule> | undefined,
  state: EntityState,
  hub: Hub,
): { readonly when?: Json } {
  return rule === undefined || typeof rule === 'string' ? {} : { when: verdictDetail(judged(rule.when, state, hub)) };
}
