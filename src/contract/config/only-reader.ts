import type { ScopeCondition } from '../../core/rules.js';
import type { FieldUse, Side } from './field-use.js';
import type { Report } from './problems.js';
import type { YamlSource } from './yaml-source.js';

/** `status = 'active'`, `kind != 'it''s'`, `"a field" = '1'`: a native field, and a text in quotes. */
const condition = /^\s*(?:"([^"]+)"|([\p{L}_][\p{L}\p{N}_.]*))\s*(!=|=)\s*'((?:[^']|'')*)'\s*$/u;

/** The conditions of `only:`, all of which hold for a record that is meant; none after reporting what cannot be read. */
export function readOnly(
  { source, report }: { readonly source: YamlSource; readonly report: Report },
  written: string,
  text: string | undefined,
): readonly ScopeCondition[] {
  if (text === undefined) return [];
  const parts = text.split(/\s+and\s+(?=(?:[^']|'[^']*')*$)/iu).map((part) => condition.exec(part));
  if (parts.some((part) => part === null)) {
    report(
      'config.bad_scope',
      source.valueRange(['systems', written, 'only']),
      'this does not say which records are meant',
      { hint: "compare fields with texts in quotes, joined by and: status = 'active' and kind != 'test'" },
    );
    return [];
  }
  return parts.flatMap((part) =>
    part === null
      ? []
      : [{ field: part[1] ?? part[2] ?? '', is: part[3] === '=', text: (part[4] ?? '').replaceAll("''", "'") }],
  );
}

/** The fields that `only:` reads, so that one that is not there is told with its place. */
export function onlyUses(
  { source }: { readonly source: YamlSource },
  written: string,
  side: Side,
  scope: readonly ScopeCondition[],
): readonly FieldUse[] {
  const range = source.valueRange(['systems', written, 'only']);
  return scope.map(({ field }): FieldUse => ({ kind: 'match', side, field, range, written: false }));
}
