import { unreachable } from '../assert.js';
import type { Evaluate } from '../expression.js';
import type { Json } from '../json.js';
import { isBlank } from '../mapping/equality.js';
import type { SideName } from '../ids.js';
import type { Authority, BlankRule, Policy, UnitRules } from '../rules.js';
import type { Sibling, Step } from '../state.js';
import { evaluateSiblings } from './expression.js';
import { newestOf } from './newest.js';
import { extremeOf } from './order.js';
import { mergeSets } from './set.js';
import { mergeTexts } from './text.js';

/**
 * What a policy says about concurrent siblings: one of them, a value made of them, or that a person must say. `rule` names
 * what decided.
 */
export type Resolution =
  | { readonly kind: 'winner'; readonly sibling: Sibling; readonly rule: string }
  /** A value that no side holds as it is. */
  | { readonly kind: 'merged'; readonly value: Json; readonly rule: string }
  | { readonly kind: 'ask'; readonly rule: string };

/** What a policy may look at besides the siblings. */
export type Clash = {
  readonly unit: Pick<UnitRules, 'as' | 'same'>;
  readonly steps: readonly Step[];
  readonly evaluate: Evaluate;
};

/**
 * Decides among surviving siblings (semantics §2.2, column CC).
 *
 * Law: a deterministic function of the *set* of siblings; the caller passes them in side order, so the order of
 * observation cannot matter (§1.5). Never consulted for an edit that had seen what it replaced. A policy that has
 * no answer falls back to its own `otherwise`; the last fallback is always to ask.
 */
export function resolve(policy: Policy, siblings: readonly Sibling[], clash: Clash): Resolution {
  const merged = (value: Json, rule: string): Resolution => {
    if (value !== null) return { kind: 'merged', value, rule };
    return 'otherwise' in policy ? resolve(policy.otherwise, siblings, clash) : { kind: 'ask', rule: 'ask' };
  };
  switch (policy.kind) {
    case 'ask':
      return { kind: 'ask', rule: 'ask' };
    case 'prefer': {
      const preferred = siblings.find((sibling) => sibling.side === policy.side);
      return preferred === undefined
        ? resolve(policy.otherwise, siblings, clash)
        : { kind: 'winner', sibling: preferred, rule: `prefer ${policy.side}` };
    }
    case 'newest': {
      const newest = newestOf(siblings, policy.widthMaxMs);
      return newest === null
        ? resolve(policy.otherwise, siblings, clash)
        : { kind: 'winner', sibling: newest, rule: 'newest' };
    }
    case 'highest':
    case 'lowest': {
      const extreme = extremeOf(policy.kind, clash.unit.as, siblings);
      return extreme === null
        ? resolve(policy.otherwise, siblings, clash)
        : { kind: 'winner', sibling: extreme, rule: policy.kind };
    }
    case 'set':
      return merged(mergeSets(siblings, clash.steps, { same: clash.unit.same, removes: policy.removes }), 'set');
    case 'expression':
      return merged(evaluateSiblings(policy.expression, siblings, clash), `expression ${policy.expression.text}`);
    case 'delta':
      // Edits add up when they are read: what is left over are totals of which nobody can tell the right one.
      return { kind: 'ask', rule: 'delta' };
    case 'text':
      return merged(mergeTexts(siblings, clash.steps, policy.by), 'text');
    default:
      return unreachable(policy);
  }
}

type Either = Extract<Authority, { readonly kind: 'either' }>;

/** What a blank of this side means. Of a decision of the hub it is what the unit says. */
export function blankOn({ blank, blankOn: others }: Either, side: SideName | null): BlankRule {
  return (side === null ? undefined : others?.[side]) ?? blank;
}

/** Siblings that count: under `ignore` and `fill` a blank is no opinion, unless every sibling is blank. */
export function withOpinion(siblings: readonly Sibling[], authority: Either): readonly Sibling[] {
  const spoken = siblings.filter(({ value, side }) => blankOn(authority, side) === 'value' || !isBlank(value));
  return spoken.length === 0 ? siblings : spoken;
}

/**
 * The policy for these siblings. Where none of them replaced a value there is nothing that both had: records meet, and `first`
 * decides if the file has it. A function of the siblings alone, so that the order of readings cannot matter.
 */
export function policyFor({ policy, first }: Either, siblings: readonly Sibling[]): Policy {
  return first !== undefined && siblings.every(({ base }) => isBlank(base)) ? first : policy;
}
