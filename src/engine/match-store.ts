import type { EntityId, SideName, UnitName } from '../core/ids.js';

/** The part of the Store port by which records find their counterparts. */
export interface MatchReads {
  /** Entities that carry one of these match values, with the side that gave it. */
  entitiesByMatch(values: readonly string[]): Promise<readonly MatchRow[]>;
  /** How many records hold each text in its unit, by position in the list; what nobody holds is left out. */
  textCounts(wanted: readonly MatchText[]): Promise<readonly TextCount[]>;
  /** Entities without a record on this side that have a text like one of these on another, by the number given. */
  entitiesAlike(
    side: SideName,
    wanted: readonly WantedText[],
  ): Promise<readonly { readonly nr: number; readonly entity: EntityId }[]>;
  /** Which of these names of two records a person has kept apart. */
  keptApart(names: readonly string[]): Promise<readonly string[]>;
}

/** What a page leaves for others to be found by. */
export type MatchChanges = {
  readonly matches?: readonly MatchRow[];
  readonly texts?: readonly (MatchText & { readonly side: SideName; readonly entity: EntityId })[];
  /** Names of two records that a person said are not one (`apartName`). */
  readonly keptApart?: readonly string[];
};

export type MatchRow = { readonly value: string; readonly side: SideName; readonly entity: EntityId };
/** What a rule of likeness compares: the canonical text of a unit. */
export type MatchText = { readonly unit: UnitName; readonly text: string };
/** `nr` is the caller's number of the record that wants it. */
export type WantedText = MatchText & { readonly nr: number };
/** `nr` is the position in the list that was asked for, from 1. */
export type TextCount = { readonly nr: number; readonly count: number };
