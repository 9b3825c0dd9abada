import type { SideName } from '../../core/ids.js';
import type { OutOfScopeRule, ScopeCondition, UnitRules } from '../../core/rules.js';
import type { Range } from './problems.js';

/** One side as the file declares it, before rules are added. */
export type Side = {
  readonly name: SideName;
  readonly connection: string;
  readonly object: string;
  readonly key: readonly string[];
  /** The connector's word, when the connection is known; a file of rows has no nested fields. */
  readonly connector: string | undefined;
  /** The field with the system's own mark of a record's making. */
  readonly made?: string;
  /** Which records of the object are meant, and what becomes of one that no longer is. */
  readonly only?: readonly ScopeCondition[];
  readonly outOfScope?: OutOfScopeRule;
  /** Where `connection/object` stands. */
  readonly objectRange: Range;
};

/** One place in a pair's file that names a native field; what discovered schemas are checked against. */
export type FieldUse = {
  readonly kind: 'key' | 'match' | 'unit' | 'archive' | 'made';
  readonly side: Side;
  readonly field: string;
  readonly range: Range;
  /** Whether deliveries may write the field. A master's own fields are only read; a key is written on create only. */
  readonly written: boolean;
  readonly unit?: {
    readonly name: string;
    readonly as: UnitRules['as'];
    readonly asWritten: boolean;
    /** What is added to it is added up, so it has to be exact. */
    readonly isSum: boolean;
  };
};
