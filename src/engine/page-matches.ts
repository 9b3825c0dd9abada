import type { Hub } from '../core/hub.js';
import type { EntityId, SideName, UnitName } from '../core/ids.js';
import { matchValues } from '../core/identity.js';
import { comparedUnits, traitsOf } from '../core/identity/evidence.js';
import { snapshotOf } from '../core/link.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState, Shadow } from '../core/state.js';
import { textsOf } from './match-texts.js';
import type { MatchChanges, MatchRow, MatchText } from './match-store.js';

type TextRow = MatchText & { readonly side: SideName; readonly entity: EntityId };

/** What the records of a page are found by, and which of them a person kept apart; written with the page. */
export class PageMatches {
  readonly #hub: Hub;
  readonly #isRenewed: boolean;
  readonly #matches: MatchRow[] = [];
  readonly #texts = new Map<string, TextRow>();
  readonly #keptApart: string[] = [];
  /** Entities that the page changed, as they were before. */
  readonly #before = new Map<EntityId, EntityState>();

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#isRenewed = comparesFields(hub.rules);
  }

  /** A known entity, before its first step on this page. */
  note(entity: EntityId, before: EntityState): void {
    if (this.#isRenewed && !this.#before.has(entity)) this.#before.set(entity, before);
  }

  byValue(entity: EntityId, side: SideName, value: string): void {
    this.#matches.push({ entity, side, value });
  }

  byText(entity: EntityId, side: SideName, unit: UnitName, text: string): void {
    this.#texts.set(`${entity}/${unit}/${side}`, { entity, side, unit, text });
  }

  keepApart(name: string): void {
    this.#keptApart.push(name);
  }

  /** A record is found by what it says now: what the page changed of it is added. */
  changes(stateOf: (entity: EntityId) => EntityState | undefined): MatchChanges {
    for (const [entity, before] of this.#before) {
      for (const [name, shadow] of Object.entries(stateOf(entity)?.sides ?? {})) {
        const side = name as SideName;
        const old = before.sides[side];
        if (shadow.presence === 'present' && old?.raws !== shadow.raws) this.#renew(entity, side, old, shadow);
      }
    }
    return { matches: this.#matches, texts: [...this.#texts.values()], keptApart: this.#keptApart };
  }

  #renew(entity: EntityId, side: SideName, old: Shadow | undefined, shadow: Shadow): void {
    const { rules } = this.#hub;
    const valuesOf = (one: Shadow) => matchValues(rules, side, snapshotOf(this.#hub, side, one));
    const known = new Set(old === undefined ? [] : valuesOf(old).map(({ value }) => value));
    for (const { value } of valuesOf(shadow)) if (!known.has(value)) this.byValue(entity, side, value);
    const texts = old === undefined ? {} : traitsOf(rules, side, old.raws);
    for (const { unit, text } of textsOf(traitsOf(rules, side, shadow.raws)))
      if (texts[unit] !== text) this.byText(entity, side, unit, text);
  }
}

/** Whether any rule finds records by more than their keys, which never change. */
function comparesFields(rules: PairRules): boolean {
  if (comparedUnits(rules).length > 0) return true;
  return rules.match.some(
    (rule) =>
      rule.kind === 'likely' ||
      (rule.kind === 'certain' &&
        rules.sides.some((side) => rule.fields[side.name]?.some((field) => !side.key.includes(field)))),
  );
}
