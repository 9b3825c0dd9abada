import type { EntityId, SideName, UnitName } from '../core/ids.js';
import type { MatchChanges, MatchRow, MatchText } from './match-store.js';

/** What the records of a page are found by, and which of them a person kept apart; written with the page. */
export class PageMatches {
  readonly #matches: MatchRow[] = [];
  readonly #texts: (MatchText & { readonly side: SideName; readonly entity: EntityId })[] = [];
  readonly #keptApart: string[] = [];

  byValue(entity: EntityId, side: SideName, value: string): void {
    this.#matches.push({ entity, side, value });
  }

  byText(entity: EntityId, side: SideName, unit: UnitName, text: string): void {
    this.#texts.push({ entity, side, unit, text });
  }

  keepApart(name: string): void {
    this.#keptApart.push(name);
  }

  changes(): MatchChanges {
    return { matches: this.#matches, texts: this.#texts, keptApart: this.#keptApart };
  }
}
