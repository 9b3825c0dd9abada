import type { z } from 'zod';
import type { SideName, UnitName } from '../../core/ids.js';
import type { AlikeRule, WeighedRule } from '../../core/rules.js';
import type { Report } from './problems.js';
import type { weighSchema } from './schema.js';
import { didYouMean, quoted } from './suggest.js';
import type { YamlSource } from './yaml-source.js';

export type WeighWritten = z.output<typeof weighSchema>;

type LikenessContext = {
  readonly source: YamlSource;
  readonly report: Report;
  readonly units: ReadonlyMap<
    string,
    { readonly name: UnitName; readonly sides: readonly SideName[]; readonly isReference: boolean } | null
  >;
};

const alikeForm = 'write a shared name, ~ and the least likeness: name ~ 0.92';
/** Below this everything is alike. */
const leastMin = 0.7;
const marginDefault = 4;

/** `name ~ 0.92`: one unit, alike by Jaro-Winkler. */
export function readAlike(context: LikenessContext, rule: string, index: number): AlikeRule | undefined {
  const { source, report } = context;
  const place = ['match', index];
  const written = /^\s*(.*?)\s*~\s*(\d*\.?\d+)\s*$/.exec(rule);
  const [, name = '', likeness = ''] = written ?? [];
  const least = Number(likeness);
  if (written === null || least < leastMin || least >= 1) {
    const what =
      written === null ? 'this is no rule of likeness' : `a likeness lies between ${leastMin} and 1, not ${likeness}`;
    report('config.bad_match', source.valueRange(place), what, { hint: alikeForm });
    return undefined;
  }
  const range = source.textRange(place, rule.indexOf(name), name.length);
  const unit = sharedUnit(context, name, range);
  return unit === undefined ? undefined : { kind: 'alike', unit, least, text: rule.trim() };
}

/** `weigh: { name: 0.9, phone: 0.8 }` with `ask`, `link` and `margin` in bits. */
export function readWeighed(context: LikenessContext, rule: WeighWritten, index: number): WeighedRule | undefined {
  const { source, report } = context;
  const { weigh, ask, link = null, margin = marginDefault } = rule;
  const place = ['match', index];
  if (link !== null && link <= ask) {
    report('config.bad_match', source.valueRange([...place, 'link']), 'link is above ask, or nothing is ever asked', {
      hint: `raise link above ${ask}, or leave it out: then a person is asked each time`,
    });
    return undefined;
  }
  const names = Object.entries(weigh);
  if (names.length < 2) {
    report('config.bad_match', source.valueRange([...place, 'weigh']), 'evidence of one unit alone is no evidence', {
      hint: `add a second unit, or ${alikeForm}`,
    });
    return undefined;
  }
  const units = names.map(([name, agree]) => ({
    unit: sharedUnit(context, name, source.keyRange([...place, 'weigh', name])),
    agree,
  }));
  const known = units.filter((one): one is { unit: UnitName; agree: number } => one.unit !== undefined);
  if (known.length < units.length) return undefined;
  const text = `weigh ${known.map(({ unit }) => unit).join(' + ')}`;
  return { kind: 'weighed', units: known, link, ask, margin, text };
}

function sharedUnit(
  { report, units }: LikenessContext,
  name: string,
  range: Parameters<Report>[1],
): UnitName | undefined {
  const unit = units.get(name);
  if (unit === undefined) {
    const hint = didYouMean(name, [...units.keys()]);
    report('config.unknown_unit', range, `no unit under "masters" is called ${quoted(name)}`, {
      hint: hint ?? alikeForm,
    });
    return undefined;
  }
  if (unit?.isReference === true) {
    report('config.bad_match', range, `${quoted(name)} is a reference, and says nothing about who a record is`, {
      hint: 'a reference holds the key of another record, which each side writes in its own way',
    });
    return undefined;
  }
  if (unit !== null && unit.sides.length < 2) {
    report('config.bad_match', range, `only one side has ${quoted(name)}, so there is nothing to compare`, {
      hint: 'match on units that at least two sides share',
    });
    return undefined;
  }
  return unit?.name;
}
