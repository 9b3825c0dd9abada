/** Where an application keeps its rows; each of the two is edited by its own people. */
export type Site = 'a' | 'b';

export const fields = ['code', 'name', 'email', 'phone', 'city', 'stock', 'updated_at'] as const;
export type Field = (typeof fields)[number];
/** Every value as text, so that stores of all kinds compare alike. */
export type Row = { readonly id: string } & { readonly [field in Field]: string | null };
export type Edit = { readonly id: string; readonly set: { readonly [field in Field]?: string | null } };

/** One application: what its people can do, without knowing of any other. Each call is one transaction. */
export type Application = {
  readonly site: Site;
  insert(rows: readonly Row[]): Promise<void>;
  /** In the order given. */
  edit(edits: readonly Edit[]): Promise<void>;
  /** Adds to a number as it is there, as an application that books goods in and out does. */
  add(ids: readonly string[], amount: number): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /** All of them, or those of the list that are there. */
  rows(only?: readonly string[]): Promise<ReadonlyMap<string, Row>>;
};

/**
 * What a clash of a field should come to. A product that has no such rule gets the nearest one it has, and
 * says so in its configuration: the verdict looks at what came out, not at the rule.
 */
export type Rule = 'ask' | 'newest' | 'prefer-a' | 'sum' | 'later';

/** What a probe needs. */
export type Setup = {
  readonly probe: string;
  /** Rows that both tables hold, equal, before anybody edits. */
  readonly rows: number;
  /** Fields that are kept in agreement, each with its rule. */
  readonly rules: { readonly [field in Field]?: Rule };
  /** `follow`: a delete on one side is to be carried out on the other. */
  readonly deletes: 'follow' | 'ask';
  /** A name that table B refuses. */
  readonly refusedName?: string;
  /** The clock of B's application, and of B's server where the product reads it, is ahead by this much. */
  readonly clockAheadOnBMs?: number;
  /** The table is large and a tenth of it is edited at once; the contestant says how large. */
  readonly isBulk?: boolean;
  /** The product's knowledge of what changed on A will be lost. */
  readonly losesMetadata?: boolean;
};

/** What the product has put before a person and nobody has answered. */
export type Question = {
  /** Empty when it is about the whole table. */
  readonly ids: readonly string[];
  /** Null when it is about whole records. */
  readonly field: string | null;
  readonly kind: string;
};

/** A value that is no longer current, as the product's own records show it to a person. */
export type Trace = {
  readonly value: string | null;
  /** Whose value it was; null when the record does not say. */
  readonly site: Site | null;
  /** When it was made, as far as known; null when the record does not say. */
  readonly at: string | null;
};

/** Two tables under one product, ready for a probe: equal, agreed, and at rest. */
export type Arena = {
  readonly a: Application;
  readonly b: Application;
  readonly rows: number;
  /** How the product is set up here, in a line. */
  readonly configuration: string;
  /** From now on nothing is carried across, in the product's own way of pausing; people go on editing. */
  part(): Promise<void>;
  rejoin(): Promise<void>;
  /** Time passes, at least two seconds; a product that looks at the tables has looked. */
  pause(): Promise<void>;
  /** Returns when nothing moves any more; throws when that takes too long. */
  settle(): Promise<void>;
  questions(): Promise<readonly Question[]>;
  /** How many conflicts the product has ever recorded here; null when it records none. */
  conflicts(): Promise<number | null>;
  traces(id: string, field: Field): Promise<readonly Trace[]>;
  /** kill -9 of everything that belongs to the product. The tables' servers stay up. */
  crash(): Promise<void>;
  revive(): Promise<void>;
  /** Loses what the product keeps in order to know what changed on A; returns what that was. */
  forget(): Promise<string>;
  /** Problems of the product's own records, as its own check finds them; null when it has no check. */
  audit(): Promise<readonly string[] | null>;
  close(): Promise<void>;
};

/** A product, installed and running. */
export type Ring = {
  readonly version: string;
  open(setup: Setup): Promise<Arena>;
  close(): Promise<void>;
};

export type Say = (text: string) => void;

/** A product that can be judged. `enter` throws `Unavailable` when it cannot be had on this machine. */
export type Contestant = {
  readonly name: string;
  readonly about: string;
  readonly isOurs: boolean;
  /** Probes that mean nothing for it, with the reason. */
  readonly notApplicable: { readonly [probe: string]: string };
  enter(options: { readonly say: Say }): Promise<Ring>;
};

/** The product cannot be had here; the message is the reason that is reported. */
export class Unavailable extends Error {}
