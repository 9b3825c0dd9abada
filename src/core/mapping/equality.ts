import { canonicalDecimal } from '../decimal.js';
import { canonicalJson, type Json } from '../json.js';
import type { EqualityName, ListEquality } from '../rules.js';
import { countryNames } from './countries.js';
import { canonicalTimestamp } from './timestamp.js';

/**
 * Equality comes from an idempotent canonical form (semantics §1.7): a ≡ b ⇔ canon(a) = canon(b), never from a
 * tolerance, which would not be transitive. It decides what counts as an edit and whether a write is needed;
 * it never changes what a person typed.
 */
export function canonicalText(same: EqualityName, value: Json): string {
  if (isBlank(value)) return '';
  if (same === 'words') return bagOfWords(value);
  if (isListEquality(same)) return canonicalList(elementEquality(same), value);
  if (Array.isArray(value)) return canonicalJson(value.map((member: Json) => canonicalText(same, member)));
  return canonicalScalar(same, value);
}

type ElementEquality = 'exact' | 'trimmed' | 'letters';

/** How the elements of a list compare. */
export function elementEquality(same: EqualityName): ElementEquality {
  return same === 'list_trimmed' ? 'trimmed' : same === 'list_letters' ? 'letters' : 'exact';
}

function isListEquality(same: EqualityName): same is ListEquality {
  return same === 'list_exact' || same === 'list_trimmed' || same === 'list_letters';
}

/** The elements' canonical forms, each once, in code-unit order. */
function canonicalList(element: ElementEquality, value: Json): string {
  const members: readonly Json[] = Array.isArray(value) ? value : [value];
  return canonicalJson([...new Set(members.map((member) => canonicalText(element, member)))].sort());
}

/** True when a person would see nothing: null, blank text, or a group of which every member is blank. */
export function isBlank(value: Json): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  return Array.isArray(value) && value.every(isBlank);
}

export function sameValue(same: EqualityName, a: Json, b: Json): boolean {
  return a === b || canonicalText(same, a) === canonicalText(same, b);
}

function canonicalScalar(same: Exclude<EqualityName, 'words' | ListEquality>, value: Json): string {
  const text = typeof value === 'string' ? value : canonicalJson(value);
  switch (same) {
    case 'exact':
      return text;
    case 'trimmed':
      return text.normalize('NFC').trim().replace(/\s+/gu, ' ');
    case 'letters':
      return lettersOf(text);
    case 'decimal':
      return canonicalDecimal(text) ?? text.trim();
    case 'boolean':
      return canonicalBoolean(text);
    case 'timestamp':
      return canonicalTimestamp(text) ?? text.trim();
  }
}

/** NFKC and lower case; what is left are letters, marks, digits and symbols: neither spaces nor punctuation. */
function lettersOf(text: string): string {
  // Normalised again: a mark may now stand beside a letter that it was separated from.
  return foldCase(text)
    .replace(/[^\p{L}\p{M}\p{N}\p{S}]+/gu, '')
    .normalize('NFKC');
}

function foldCase(text: string): string {
  // Lower case of upper case folds what lower case alone leaves apart, such as ß and ss, and final sigma; lower case
  // first, since the capital ẞ is its own upper case.
  return text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().replace(/ς/gu, 'σ').normalize('NFKC');
}

function canonicalBoolean(text: string): string {
  const lower = text.trim().toLowerCase();
  if (['true', 't', 'yes', 'y', '1', 'on'].includes(lower)) return 'true';
  if (['false', 'f', 'no', 'n', '0', 'off'].includes(lower)) return 'false';
  return text.trim();
}

/**
 * The words that the code of a country stands for: those of its name, and where one of them is itself a code, the words of
 * that one. Names are not looked for, because that would depend on where their words stand and on which name is found
 * first; a code is one word and always means the same.
 */
const wordsByCode: ReadonlyMap<string, readonly string[]> = (() => {
  const names = new Map(Object.entries(countryNames).map(([code, name]) => [code.toLowerCase(), name]));
  const spelled = (word: string): readonly string[] => {
    const name = names.get(word);
    return name === undefined ? [word] : wordsOf(foldCase(name)).flatMap(spelled);
  };
  return new Map([...names.keys()].map((code) => [code, spelled(code)]));
})();

/**
 * The words of a text or of all members together, as a sorted bag: order and layout do not count. The code of a country
 * counts as its name, so that `United States` beside a street equals the `US` inside one string. Law: the bag of two
 * texts together is the union of their bags, so no order and no split can make a difference.
 */
function bagOfWords(value: Json): string {
  const members: readonly Json[] = Array.isArray(value) ? value : [value];
  const bag: string[] = [];
  for (const member of members) {
    if (member === null) continue;
    for (const word of wordsOf(foldCase(typeof member === 'string' ? member : canonicalJson(member)))) {
      const words = word.length === 2 ? wordsByCode.get(word) : undefined;
      if (words === undefined) bag.push(word);
      else bag.push(...words);
    }
  }
  return bag.sort().join(' ');
}

function wordsOf(folded: string): string[] {
  return folded.split(/[^\p{L}\p{M}\p{N}\p{S}]+/u).filter((word) => word !== '');
}
