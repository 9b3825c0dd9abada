import type { Side } from './field-use.js';
import type { Report } from './problems.js';
import { didYouMean, quoted } from './suggest.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

/** Reports a key or a value that should name a side of a unit, and names none that has a field in it. */
export function reportUnmapped(
  { source, report }: { readonly source: YamlSource; readonly report: Report },
  { name, mapped }: { readonly name: string; readonly mapped: readonly Side[] },
  written: string,
  { path, at }: { readonly path: YamlPath; readonly at: 'key' | 'value' },
): void {
  const range = at === 'key' ? source.keyRange(path) : source.valueRange(path);
  report('config.unknown_side', range, `${quoted(written)} is no side with a field in ${quoted(name)}`, {
    hint: didYouMean(
      written,
      mapped.map((side) => side.name),
    ),
  });
}
