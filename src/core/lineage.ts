import { hasDot, type Dot } from './clock/version-vector.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import { contextOf } from './register.js';
import type { Authority, Policy } from './rules.js';
import type { Register, Sibling, Step } from './state.js';

/** Whether the policy merges, so that the register has to remember its steps. */
export function keepsSteps(authority: Authority): boolean {
  if (authority.kind === 'when') return keepsSteps(authority.use) || keepsSteps(authority.else);
  return authority.kind === 'either' && merges(authority.policy);
}

function merges(policy: Policy): boolean {
  if (policy.kind === 'set' || policy.kind === 'text' || policy.kind === 'expression') return true;
  return 'otherwise' in policy && merges(policy.otherwise);
}

/** The register with one more step. A step that every side and every sibling has seen can be in no clash any more. */
export function withStep(
  register: Register,
  { dot: own, vv: seen, base, value }: Step,
  sides: readonly SideName[],
): Register {
  const isSeen = ({ dot }: Step): boolean =>
    sides.every((side) => hasDot(contextOf(register, side), dot)) &&
    register.siblings.every(({ vv }) => hasDot(vv, dot));
  return { ...register, steps: [...register.steps.filter((old) => !isSeen(old)), { dot: own, vv: seen, base, value }] };
}

/**
 * What `one` began with as far as `other` knows: the value before the first step in the history of `one` that `other`
 * had not seen. So neither values that were overwritten before anybody else had them, nor the order of readings, matter.
 */
export function baseBetween(steps: readonly Step[], one: Sibling, other: Sibling): Json {
  const unseen = steps.filter(({ dot }) => hasDot(one.vv, dot) && !hasDot(other.vv, dot));
  // Counters do not order steps of different sides: how many edits of a side were read is chance.
  const isFirst = (step: Step): boolean => !unseen.some((before) => before !== step && hasDot(step.vv, before.dot));
  const [first] = unseen.filter(isFirst).sort((left, right) => compareDots(left.dot, right.dot));
  return first === undefined ? one.base : first.base;
}

function compareDots([actor, counter]: Dot, [otherActor, otherCounter]: Dot): number {
  return actor === otherActor ? counter - otherCounter : actor < otherActor ? -1 : 1;
}
