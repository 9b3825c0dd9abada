import { type PairId, pairId, revisionId, type SideName } from '../../core/ids.js';
import type { ArchiveRule, MatchRule, PairRules } from '../../core/rules.js';
import { type Archives, readArchives } from './archive-reader.js';
import { archiveSchema } from './archive-schema.js';
import type { FieldUse, Side } from './field-use.js';
import type { WeighWritten } from './likeness-reader.js';
import { readInvariants } from './invariant-reader.js';
import { readLimits } from './limits-reader.js';
import { limitsSchema } from './limits-schema.js';
import { reportMade } from './made-reader.js';
import { readMatch } from './match-reader.js';
import { fileStart, isError, type Problem, problemList, type Report, withoutRepeats } from './problems.js';
import { readRun } from './run-reader.js';
import { revisionOf } from './revision.js';
import {
  conflictsSchema,
  pairSchema,
  pairSchemaUnder,
  runSchema,
  storedFormSchema,
  systemSchema,
  weighSchema,
} from './schema.js';
import { findSecrets, redacted } from './secrets.js';
import { checkShape, isMapping, valueAt } from './shape-problems.js';
import { readRecordRules } from './record-rule-reader.js';
import { checkSegments, readSegments } from './segment-reader.js';
import { namePattern, readSides } from './side-reader.js';
import { quoted } from './suggest.js';
import type { ReadUnit } from './read-unit.js';
import { readUnits } from './unit-reader.js';
import type { EarlierUnit } from './condition-reader.js';
import { strayWords } from './words.js';
import { parseYaml, type YamlPath, type YamlSource } from './yaml-source.js';

/** What one file of pairs/ says. `rules` is there only when no error was found. */
export type PairFile = {
  readonly file: string;
  readonly text: string;
  readonly rules: PairRules | undefined;
  /** Every native field that the file names, with its place; complete as far as the file could be read. */
  readonly uses: readonly FieldUse[];
  readonly problems: readonly Problem[];
};

/**
 * Parses, checks and compiles one pair's file. The same text gives the same rules, revision included.
 * Never throws; every finding has a place.
 * @param file relative to the configuration's folder: `pairs/suppliers.yaml`
 * @param connections connectors by connection name; null when connections.yaml could not be read
 */
export function readPairFile(file: string, text: string, connections: ReadonlyMap<string, string> | null): PairFile {
  const source = parseYaml(file, text);
  const { problems, report } = problemList(file);
  problems.push(...source.problems);
  const secrets = findSecrets(source, report, 'pair');
  const read = source.value === undefined ? undefined : readSource(source, report, connections);
  const complete = read !== undefined && !problems.some(isError) ? compile(source, read) : undefined;
  return { file, text, rules: complete, uses: read?.uses ?? [], problems: redacted(withoutRepeats(problems), secrets) };
}

type Read = {
  readonly pair: PairId | undefined;
  readonly sides: readonly Side[];
  readonly units: ReadonlyMap<string, ReadUnit | null>;
  readonly match: readonly MatchRule[];
  readonly uses: readonly FieldUse[];
  readonly rules: Omit<PairRules, 'pair' | 'revision' | 'sides' | 'units' | 'match' | 'limits'> & {
    readonly limits: ReturnType<typeof readLimits>;
    readonly archives: Archives['rules'];
    readonly records: ReturnType<typeof readRecordRules>;
  };
};

function readSource(source: YamlSource, report: Report, connections: ReadonlyMap<string, string> | null): Read {
  const written = valueAt(source.value, ['segments']);
  const schema = pairSchemaUnder(isMapping(written) ? Object.keys(written) : []);
  const data = checkShape({ source, report, knownKeys }, schema, []);
  const context = { source, report, connections };
  const pair = readName(source, report);
  const { sides, uses: keyUses, scopes } = readSides(context);
  const systems = valueAt(source.value, ['systems']);
  const declared = isMapping(systems) ? Object.keys(systems) : [];
  const segments = readSegments(context, declared);
  const strayWritten = valueAt(source.value, ['stray_edits']);
  // Without two sides nearly every line below would be reported, which helps nobody.
  const units =
    declared.length < 2
      ? new Map<string, ReadUnit | null>()
      : readUnits({
          source,
          report,
          sides,
          declared,
          segments,
          stray: strayWords.find((word) => word === strayWritten) ?? 'restore',
        });
  const readable = readableUnits(units);
  // A unit that could not be read is reported where it stands; that it is unknown elsewhere is no news.
  if (readable !== null) checkSegments(context, segments, readable);
  const unitUses = [...units.values()].flatMap((unit) => unit?.uses ?? []);
  const archives = readArchives(context, sides, unitUses);
  reportWriters(report, keyUses, unitUses);
  reportRestless(report, units);
  reportMade(report, [...scopes, ...archives.uses, ...unitUses]);
  const matching =
    declared.length === sides.length && declared.length > 1
      ? readMatch(matchContext(context, sides, units), matchRules(source))
      : undefined;
  return {
    pair,
    sides,
    units,
    match: matching?.rules ?? [],
    uses: [...keyUses, ...scopes, ...archives.uses, ...(matching?.uses ?? []), ...unitUses],
    rules: {
      about: data?.about ?? '',
      owner: data?.owner ?? '',
      run: readRun({ source, report }),
      limits: readLimits({ source, report }),
      archives: archives.rules,
      records: readRecordRules({ ...context, sides, segments, units: readable }),
      invariants: readable === null ? [] : readInvariants({ ...context, segments }, readable),
    },
  };
}

/** The units as conditions on whole records read them; null while one of them could not be read at all. */
function readableUnits(units: ReadonlyMap<string, ReadUnit | null>): readonly EarlierUnit[] | null {
  const readable = [...units.values()].flatMap((unit) =>
    unit === null ? [] : [{ name: unit.name, as: unit.as, isGroup: unit.uses.length > unit.mapped.length }],
  );
  return readable.length === units.size ? readable : null;
}

function matchContext(
  context: { readonly source: YamlSource; readonly report: Report },
  sides: readonly Side[],
  units: ReadonlyMap<string, ReadUnit | null>,
): Parameters<typeof readMatch>[0] {
  const names: Map<string, { name: ReadUnit['name']; sides: readonly SideName[]; isReference: boolean } | null> =
    new Map();
  for (const [written, unit] of units) {
    names.set(
      written,
      unit === null
        ? null
        : {
            name: unit.name,
            sides: unit.mapped.map((side) => side.name),
            isReference: unit.rules?.as === 'reference',
          },
    );
  }
  return { ...context, sides, units: names };
}

/** The rules as written; none when one of them has no form that could be read, which the schema has reported. */
function matchRules(source: YamlSource): readonly (string | WeighWritten)[] {
  const match = valueAt(source.value, ['match']);
  if (!Array.isArray(match)) return [];
  const rules = match.map((rule) => (typeof rule === 'string' ? rule : (weighSchema.safeParse(rule).data ?? '')));
  return rules.includes('') ? [] : rules;
}

function readName(source: YamlSource, report: Report): PairId | undefined {
  const base = (source.file.split('/').at(-1) ?? '').replace(/\.yaml$/, '');
  const written = valueAt(source.value, ['pair']);
  let id: PairId | undefined;
  try {
    id = pairId(base);
  } catch {
    report('config.bad_name', fileStart, `${quoted(base)} cannot be the name of a pair: it is the name of this file`, {
      hint: `rename the file; ${namePattern}`,
    });
  }
  if (typeof written === 'string' && written !== base) {
    report(
      'config.name_differs',
      source.valueRange(['pair']),
      `the file is called ${base}.yaml, so the pair is ${quoted(base)}`,
      {
        hint: `write pair: ${base}, or rename the file`,
      },
    );
  }
  return id;
}

/** A field has one writer on its side, and the key has none: identity never follows a rule. */
function reportWriters(report: Report, keys: readonly FieldUse[], uses: readonly FieldUse[]): void {
  const place = (side: Side, field: string): string => JSON.stringify([side.name, field]);
  const keyFields = new Set(keys.map((use) => place(use.side, use.field)));
  const seen = new Map<string, FieldUse>();
  const parents = new Map<string, FieldUse>();
  for (const use of uses) {
    const { side, field, range } = use;
    if (keyFields.has(place(side, field))) {
      report('config.key_mapped', range, `${side.name}.${field} is part of the key and cannot be a unit as well`, {
        hint: 'remove it here; the key is carried over when a record is created',
      });
      continue;
    }
    const prefixes = side.connector === 'csv' ? [] : [...field.matchAll(/\./g)].map((dot) => field.slice(0, dot.index));
    const twin = seen.get(place(side, field));
    const nested = prefixes.map((prefix) => seen.get(place(side, prefix))).find((found) => found !== undefined);
    const clash = [twin, parents.get(place(side, field)), nested].find(
      (found) => found !== undefined && (found.unit?.name === use.unit?.name || (found.written && use.written)),
    );
    if (clash !== undefined) {
      const where = `${quoted(clash.unit?.name ?? '')} (line ${clash.range.line})`;
      report('config.two_writers', range, `${side.name}.${field} is already written by ${where}`, {
        hint: 'keep the field in one unit; fields that belong together form one unit: [a, b]',
      });
      continue;
    }
    if (twin === undefined || use.written) seen.set(place(side, field), use);
    for (const prefix of prefixes)
      if (use.written || !parents.has(place(side, prefix))) parents.set(place(side, prefix), use);
  }
}

const restlessField =
  /^((last_?)?(updated|modified|changed)|system_?modstamp|row_?version|etag)(_?(at|on|date|time|by|ts))?(__c)?$/i;

/** A field that every write changes is in conflict for ever once both sides write: it says nothing that people mean. */
function reportRestless(report: Report, units: ReadonlyMap<string, ReadUnit | null>): void {
  for (const unit of units.values()) {
    if (unit === null || unit.heading !== 'either') continue;
    const use = unit.uses.find(({ field }) => restlessField.test(field.split('.').at(-1) ?? ''));
    if (use === undefined) continue;
    report(
      'config.changes_with_every_write',
      use.range,
      `${use.side.name}.${use.field} looks like a field that every write changes`,
      {
        hint: 'leave it out, or put it under the side whose time is meant',
      },
    );
  }
}

const policyKeys = ['prefer', 'newest', 'highest', 'lowest', 'set', 'text', 'expression', 'otherwise'];
const conflictKeys = [...policyKeys, 'when', 'use', 'else', 'on_flip'];

/** The keys that a mapping at this path may have, for suggestions. */
function knownKeys(path: YamlPath): readonly string[] {
  const last = path.at(-1);
  if (path.length === 0) return Object.keys(pairSchema.shape);
  if (last === 'newest') return ['within'];
  if (last === 'highest' || last === 'lowest') return ['monotone'];
  if (path[0] === 'systems') return Object.keys(last === 'archive' ? archiveSchema.shape : systemSchema.shape);
  if (path[0] === 'run') return Object.keys(runSchema.shape);
  if (path[0] === 'limits') return Object.keys(limitsSchema.shape);
  if (path[0] === 'conflicts' && path.length === 1) return Object.keys(conflictsSchema.shape);
  if (path.includes('stores')) return Object.keys(storedFormSchema.shape);
  if (last === 'conflict') return conflictKeys;
  if (path[0] === 'creates' || path[0] === 'deletes' || path[0] === 'refused') return ['when', 'use', 'else'];
  if (path[0] === 'segments' && path.length === 2) return ['when', 'use', 'else', 'on_flip'];
  if (last === 'use' || last === 'else') return [...policyKeys, 'master', 'stray', 'blank'];
  return path[0] === 'alerts' ? ['when', 'tell'] : policyKeys;
}

function archiveOf(archives: Archives['rules'], side: SideName): { readonly archive?: ArchiveRule } {
  const archive = archives.get(side);
  return archive === undefined ? {} : { archive };
}

function compile(source: YamlSource, read: Read): PairRules | undefined {
  const { pair, rules } = read;
  if (pair === undefined) return undefined;
  const meaning = {
    pair,
    about: rules.about,
    owner: rules.owner,
    sides: read.sides.map((side) => ({
      name: side.name,
      connection: side.connection,
      object: side.object,
      key: side.key,
      ...rules.records(side.name),
      ...(side.made === undefined ? {} : { made: side.made }),
      ...(side.only === undefined || side.only.length === 0 ? {} : { only: side.only }),
      ...archiveOf(rules.archives, side.name),
      ...(side.outOfScope === 'delete' ? { outOfScope: side.outOfScope } : {}),
    })),
    units: [...read.units.values()].flatMap((unit) => (unit?.rules === undefined ? [] : [unit.rules])),
    match: read.match,
    run: rules.run,
    ...(rules.limits === undefined ? {} : { limits: rules.limits }),
    ...(rules.invariants === undefined || rules.invariants.length === 0 ? {} : { invariants: rules.invariants }),
  };
  return { ...meaning, revision: revisionId(revisionOf(meaning, source.text)) };
}
