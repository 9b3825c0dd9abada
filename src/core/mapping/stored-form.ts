import { roundedDecimal } from '../decimal.js';
import type { Json } from '../json.js';
import type { SideName } from '../ids.js';
import type { StoredForm, UnitRules } from '../rules.js';

/**
 * What a side makes of a raw value when it stores it, as its file declares (semantics §1.7, declared normalisers). Values of
 * a group are stored one by one. Without a declaration the value itself.
 *
 * Law: idempotent, so that a value that was stored is stored as it is.
 */
export function storedRaw(unit: UnitRules, side: SideName, raw: Json): Json {
  const forms = unit.stores?.[side];
  if (forms === undefined) return raw;
  if (forms.length === 1 || !Array.isArray(raw)) return storedMember(forms[0] ?? {}, raw);
  return (raw as readonly Json[]).map((member, index) => storedMember(forms[index] ?? {}, member));
}

function storedMember(form: StoredForm, raw: Json): Json {
  if (form.scale !== undefined) return rounded(raw, form.scale, form.round ?? 'half-up');
  if (typeof raw !== 'string') return raw;
  if (form.fraction !== undefined) return withFraction(raw, form.fraction);
  const spaced = withSpaces(raw, form.spaces);
  const cased = form.case === 'upper' ? spaced.toUpperCase() : form.case === 'lower' ? spaced.toLowerCase() : spaced;
  if (form.length === undefined) return cased;
  // Databases count code points, not what readers see as one character.
  const characters = Array.from(cased);
  if (characters.length <= form.length) return cased;
  // Where blanks at the ends are dropped, so is one that the cut laid bare.
  return withSpaces(characters.slice(0, form.length).join(''), form.spaces);
}

function withSpaces(text: string, spaces: StoredForm['spaces']): string {
  if (spaces === undefined) return text;
  return spaces === 'trim' ? text.trim() : text.trim().replaceAll(/\s+/gu, ' ');
}

/** A number that needs fewer digits stays as it was typed. */
function rounded(raw: Json, scale: number, mode: NonNullable<StoredForm['round']>): Json {
  if (typeof raw !== 'string' && typeof raw !== 'number') return raw;
  const text = roundedDecimal(String(raw), scale, mode);
  if (text === null) return raw;
  return typeof raw === 'number' ? Number(text) : text;
}

/** Digits of a second beyond these are cut, not rounded. */
function withFraction(text: string, digits: number): string {
  return text.replace(/(\d{2}:\d{2}:\d{2})\.(\d+)/, (whole, second: string, fraction: string) => {
    if (fraction.length <= digits) return whole;
    return digits === 0 ? second : `${second}.${fraction.slice(0, digits)}`;
  });
}
