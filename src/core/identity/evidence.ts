import type { SideName, UnitName } from '../ids.js';
import type { Json } from '../json.js';
import { canonicalText, isBlank } from '../mapping/equality.js';
import type { AlikeRule, PairRules, WeighedRule } from '../rules.js';
import { jaroWinkler } from './jaro-winkler.js';

/** What is known of a record in the units that a rule looks at, in canonical form. Blanks say nothing and are left out. */
export type Traits = { readonly [unit: UnitName]: string };

/** The share of records that hold this very text in this unit, in (0, 1]: how likely two strangers agree in it by chance. */
export type Chance = (unit: UnitName, text: string) => number;

export type Evidence = {
  /** log2 of how much likelier this agreement is for one thing than for two. */
  readonly bits: number;
  readonly parts: readonly {
    readonly unit: UnitName;
    readonly level: 'equal' | 'alike' | 'differs';
    readonly bits: number;
  }[];
};

/** Two texts are alike from this likeness on, unless they are numbers: those are equal or not. */
const alikeFrom = 0.92;
/** How often texts of two different things are alike without being equal. */
const alikeByChance = 0.005;

/** The units that rules of likeness compare, in the order of the file. */
export function comparedUnits(rules: PairRules): readonly UnitName[] {
  const named = rules.match.flatMap((rule) => {
    if (rule.kind === 'weighed') return rule.units.map(({ unit }) => unit);
    return rule.kind === 'alike' ? [rule.unit] : [];
  });
  return [...new Set(named)];
}

/** The traits of a record from its raw values by unit. Joined and split spellings compare, as far as `same:` says so. */
export function traitsOf(
  rules: PairRules,
  side: SideName,
  raws: { readonly [unit: UnitName]: Json | undefined },
): Traits {
  const traits: { [unit: UnitName]: string } = {};
  for (const name of comparedUnits(rules)) {
    const unit = rules.units.find((candidate) => candidate.name === name);
    const raw = raws[name];
    if (unit?.paths[side] === undefined || raw === undefined || isBlank(raw)) continue;
    const text = canonicalText(unit.same, raw);
    if (text !== '') traits[name] = text;
  }
  return traits;
}

/**
 * The weight of evidence that two records are one (Fellegi and Sunter 1969; semantics §1.12). With m the share of true
 * pairs that agree in a unit and u the chance that others do, agreement weighs log2(m/u), where u is how common the
 * value is: a rare name says more than a common city. Of the pairs that do not agree, half are taken to be alike. A unit that
 * is blank on a side weighs nothing. Symmetric.
 */
export function weigh(rule: WeighedRule, a: Traits, b: Traits, chance: Chance): Evidence {
  const parts: Evidence['parts'][number][] = [];
  for (const { unit, agree } of rule.units) {
    const [left, right] = [a[unit], b[unit]];
    if (left === undefined || right === undefined) continue;
    const other = (1 - agree) / 2;
    if (left === right) {
      // However common a value is, agreeing in it is no evidence against.
      parts.push({ unit, level: 'equal', bits: Math.max(0, Math.log2(agree / chance(unit, left))) });
    } else if (areAlike(left, right)) {
      parts.push({ unit, level: 'alike', bits: Math.max(0, Math.log2(other / alikeByChance)) });
    } else {
      const u = Math.max(chance(unit, left), chance(unit, right));
      parts.push({
        unit,
        level: 'differs',
        bits: Math.min(0, Math.log2(other / Math.max(other, 1 - u - alikeByChance))),
      });
    }
  }
  return { bits: parts.reduce((sum, part) => sum + part.bits, 0), parts };
}

function areAlike(left: string, right: string): boolean {
  return /\p{L}/u.test(left) && jaroWinkler(left, right) >= alikeFrom;
}

/** What a rule of one unit finds: likeness from its `least` on, never more than a guess. */
export function isAlike(rule: AlikeRule, a: Traits, b: Traits): boolean {
  const [left, right] = [a[rule.unit], b[rule.unit]];
  return left !== undefined && right !== undefined && jaroWinkler(left, right) >= rule.least;
}

/** The evidence in words, the heaviest first: `name equal +9.2, city differs -2.0: 7.2 bits`. */
export function evidenceText({ bits, parts }: Evidence): string {
  const sorted = [...parts].sort((a, b) => Math.abs(b.bits) - Math.abs(a.bits));
  const texts = sorted.map(({ unit, level, bits: own }) => `${unit} ${level} ${signed(own)}`);
  return `${texts.join(', ')}: ${bits.toFixed(1)} bits`;
}

function signed(bits: number): string {
  return `${bits < 0 ? '-' : '+'}${Math.abs(bits).toFixed(1)}`;
}
