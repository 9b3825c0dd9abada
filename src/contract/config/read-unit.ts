import type { UnitName } from '../../core/ids.js';
import type { StrayRule, UnitRules } from '../../core/rules.js';
import type { FieldUse, Side } from './field-use.js';
import type { Report } from './problems.js';
import type { Segments } from './segment.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

/** What reading a unit needs of the rest of the file. */
export type UnitContext = {
  readonly source: YamlSource;
  readonly report: Report;
  /** The sides that could be read; `declared` also names those that could not. */
  readonly sides: readonly Side[];
  readonly declared: readonly string[];
  /** What is done with edits that are not the master's, where a unit does not say. */
  readonly stray: StrayRule;
  /** Conditions with a name. */
  readonly segments: Segments;
  /** What stands before a unit in the file: conditions read nothing else. */
  readonly earlier?: readonly (ReadUnit | null)[];
};

/** A unit with everything that was read of it; `rules` is missing after a problem. */
export type ReadUnit = {
  readonly name: UnitName;
  readonly heading: string;
  readonly path: YamlPath;
  readonly as: UnitRules['as'];
  readonly mapped: readonly Side[];
  readonly uses: readonly FieldUse[];
  readonly rules: UnitRules | undefined;
};
