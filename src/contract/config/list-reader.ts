import type { SideName } from '../../core/ids.js';
import type { EqualityName, ListForm, UnitRules } from '../../core/rules.js';
import type { Side } from './field-use.js';
import type { Range, Report } from './problems.js';
import { quoted } from './suggest.js';
import { reportUnmapped } from './unmapped-side.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type ListPlace = { readonly source: YamlSource; readonly report: Report };
type ListUnit = {
  readonly name: string;
  readonly path: YamlPath;
  readonly mapped: readonly Side[];
  readonly uses: readonly unknown[];
};
type Forms = { readonly [side: SideName]: ListForm };

/** How lists compare: as their elements do. */
export function compiledSame(as: UnitRules['as'], same: EqualityName): EqualityName {
  if (as !== 'list') return same;
  return same === 'trimmed' ? 'list_trimmed' : same === 'letters' ? 'list_letters' : 'list_exact';
}

/**
 * How each side writes the list. It is never guessed from the data: an empty field would say nothing, and a comma may
 * stand inside an element. Empty for a unit that is no list; undefined after a problem.
 */
export function readForms(
  place: ListPlace,
  unit: ListUnit,
  as: UnitRules['as'],
  written: string | { readonly [side: string]: string } | undefined,
): Forms | undefined {
  const { source, report } = place;
  const path = [...unit.path, 'form'];
  if (as !== 'list') {
    if (written === undefined) return {};
    report('config.rule_not_here', source.keyRange(path), `"form" is about lists, and ${quoted(unit.name)} is none`, {
      hint: 'write as: list, or remove "form"',
    });
    return undefined;
  }
  if (unit.uses.length > unit.mapped.length) {
    report(
      'config.rule_not_here',
      source.keyRange(unit.path),
      `${quoted(unit.name)} is a group, and a list is one field`,
      {
        hint: 'map each list as a unit of its own',
      },
    );
    return undefined;
  }
  if (written === undefined) {
    report(
      'config.missing_key',
      source.keyRange(unit.path),
      `${quoted(unit.name)} does not say how its list is written`,
      {
        hint: 'add form: json, form: array (PostgreSQL), or what stands between the elements: form: ";"',
      },
    );
    return undefined;
  }
  const forms: { [side: SideName]: ListForm } = {};
  let isSound = true;
  for (const side of unit.mapped) {
    const text = typeof written === 'string' ? written : written[side.name];
    const range = typeof written === 'string' ? source.valueRange(path) : source.valueRange([...path, side.name]);
    if (text === undefined) {
      report('config.missing_key', source.keyRange(path), `"form" does not say how ${side.name} writes the list`, {
        hint: `add ${side.name}: json, array, or what stands between the elements`,
      });
      isSound = false;
    } else if (isForm(place, range, text)) forms[side.name] = formOf(text);
    else isSound = false;
  }
  for (const name of typeof written === 'string' ? [] : Object.keys(written)) {
    if (unit.mapped.some((side) => side.name === name)) continue;
    reportUnmapped(place, unit, name, { path: [...path, name], at: 'key' });
    isSound = false;
  }
  return isSound ? forms : undefined;
}

/** A separator is punctuation or spaces; a letter would split words, and a quotation mark is what elements are put in. */
function isForm({ report }: ListPlace, range: Range, text: string): boolean {
  if (text === 'json' || text === 'array' || !/[\p{L}\p{N}"]/u.test(text)) return true;
  report('config.unknown_word', range, `${quoted(text)} is no way to write a list`, {
    hint: 'possible: json, array, or what stands between the elements in quotes, such as ";"',
  });
  return false;
}

function formOf(text: string): ListForm {
  return text === 'json' || text === 'array' ? { kind: text } : { kind: 'separated', separator: text };
}
