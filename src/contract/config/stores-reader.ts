import type { z } from 'zod';
import type { SideName } from '../../core/ids.js';
import type { StoredForm, UnitRules } from '../../core/rules.js';
import type { Side } from './field-use.js';
import type { Report } from './problems.js';
import type { storesSchema } from './schema.js';
import { didYouMean, quoted } from './suggest.js';
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

/** What sides make of the values of a unit when they store them. Null where nothing is said; undefined after a problem. */
export function readStores(
  {
    source,
    report,
    declared,
  }: { readonly source: YamlSource; readonly report: Report; readonly declared: readonly string[] },
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
    report('config.rule_not_here', source.keyRange(path), `"stores" is not possible for ${what}`, {
      hint: 'remove "stores"; what the side makes of a value shows when it answers a write',
    });
    return undefined;
  }
  const stores: { [side: SideName]: readonly StoredForm[] } = {};
  let isSound = true;
  for (const [name, written] of Object.entries(data.stores)) {
    const side = unit.mapped.find((mapped) => mapped.name === name);
    if (side === undefined) {
      report(
        'config.unknown_side',
        source.keyRange([...path, name]),
        `${quoted(name)} has no field in ${quoted(unit.name)}`,
        {
          hint: didYouMean(name, declared),
        },
      );
      isSound = false;
      continue;
    }
    const fields = data.paths[side.name] ?? [];
    const forms = Array.isArray(written) ? written : fields.map(() => written as StoredForm);
    if (forms.length !== fields.length) {
      const range = source.valueRange([...path, name]);
      report(
        'config.group_mismatch',
        range,
        `${forms.length} forms are listed for ${fields.length} fields of ${name}`,
        {
          hint: 'list one for each field in their order, {} where nothing is to be said; or one for all of them',
        },
      );
      isSound = false;
      continue;
    }
    const odd = forms
      .flatMap((form) => Object.keys(form))
      .find((key) => !formsOf[data.as].some((known) => known === key));
    if (odd !== undefined) {
      const range = source.valueRange([...path, name]);
      report('config.rule_not_here', range, `${quoted(odd)} says nothing of values of type ${data.as}`, {
        hint: `possible with ${data.as}: ${formsOf[data.as].join(', ')}`,
      });
      isSound = false;
      continue;
    }
    stores[side.name] = forms as readonly StoredForm[];
  }
  return isSound ? stores : undefined;
}
