import type { z } from 'zod';
import type { SideName } from '../../core/ids.js';
import type { StoredForm, UnitRules } from '../../core/rules.js';
import type { Side } from './field-use.js';
import type { Report } from './problems.js';
import type { storesSchema } from './schema.js';
import { quoted } from './suggest.js';
import { reportUnmapped } from './unmapped-side.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type StoresUnit = {
  readonly name: string;
  readonly path: YamlPath;
  readonly mapped: readonly Side[];
};
type Written = z.output<typeof storesSchema>;
type Stores = { readonly [side: SideName]: readonly StoredForm[] };

const textForms = ['length', 'case', 'spaces'] as const;
/** What can be said of how a type is stored. */
const formsOf: { readonly [as in UnitRules['as']]: readonly (keyof StoredForm)[] } = {
  text: textForms,
  join: textForms,
  decimal: ['scale', 'round'],
  integer: [],
  boolean: [],
  date: [],
  timestamp: ['fraction'],
  list: [],
  reference: [],
};

type Place = { readonly source: YamlSource; readonly report: Report };

/** What sides make of the values of a unit when they store them. Null where nothing is said; undefined after a problem. */
export function readStores(
  place: Place,
  unit: StoresUnit,
  data: {
    readonly as: UnitRules['as'];
    readonly paths: UnitRules['paths'];
    readonly isSum: boolean;
    readonly stores: Written | undefined;
  },
): Stores | null | undefined {
  if (data.stores === undefined) return null;
  const path = [...unit.path, 'stores'];
  if (data.isSum || formsOf[data.as].length === 0) {
    const what = data.isSum ? 'numbers that are added up' : `values of type ${data.as}`;
    place.report('config.rule_not_here', place.source.keyRange(path), `"stores" is not possible for ${what}`, {
      hint: 'remove "stores"; what the side makes of a value shows when it answers a write',
    });
    return undefined;
  }
  const stores: { [side: SideName]: readonly StoredForm[] } = {};
  let isSound = true;
  for (const [name, written] of Object.entries(data.stores)) {
    const side = unit.mapped.find((mapped) => mapped.name === name);
    if (side === undefined) reportUnmapped(place, unit, name, { path: [...path, name], at: 'key' });
    const forms = side && formsOn(place, [...path, name], data.as, data.paths[side.name] ?? [], written);
    if (side !== undefined && forms !== undefined) stores[side.name] = forms;
    else isSound = false;
  }
  return isSound ? stores : undefined;
}

/** One form for each field of a side; undefined after a problem. */
function formsOn(
  { source, report }: Place,
  path: YamlPath,
  as: UnitRules['as'],
  fields: readonly string[],
  written: Written[string],
): readonly StoredForm[] | undefined {
  const range = source.valueRange(path);
  const forms = (Array.isArray(written) ? written : fields.map(() => written)) as readonly StoredForm[];
  if (forms.length !== fields.length) {
    const numbers = `${forms.length} forms are listed for ${fields.length} fields of ${path.at(-1)}`;
    report('config.group_mismatch', range, numbers, {
      hint: 'list one for each field in their order, {} where nothing is to be said; or one for all of them',
    });
    return undefined;
  }
  const odd = forms.flatMap((form) => Object.keys(form)).find((key) => !formsOf[as].some((known) => known === key));
  if (odd === undefined) return forms;
  report('config.rule_not_here', range, `${quoted(odd)} says nothing of values of type ${as}`, {
    hint: `possible with ${as}: ${formsOf[as].join(', ')}`,
  });
  return undefined;
}
