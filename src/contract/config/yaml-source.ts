import { type Document, isMap, isNode, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { fileStart, type Problem, problemList, type Range, type Report } from './problems.js';
import { textRanges, type ToRange } from './text-ranges.js';
import { reportControlCharacters, reportRefusedFeatures, reportSyntax } from './yaml-refusals.js';

/** Keys and list positions from the top of the file to a value. */
export type YamlPath = readonly (string | number)[];

/** One parsed file: its value and where every part of it stands. */
export type YamlSource = {
  readonly file: string;
  readonly text: string;
  /** What the file says, or undefined when it cannot be read as one YAML mapping. */
  readonly value: { readonly [key: string]: unknown } | undefined;
  readonly problems: readonly Problem[];
  /** Where a stretch of the text stands, by offsets. */
  readonly offsetRange: ToRange;
  /** Where the value at this path stands; for a path that is missing, the key of the nearest part that exists. */
  readonly valueRange: (path: YamlPath) => Range;
  /** Where the key at this path stands; list items have no key, so their value's place is given. */
  readonly keyRange: (path: YamlPath) => Range;
  /** Some characters within a text value; the whole value when escapes make columns differ from characters. */
  readonly textRange: (path: YamlPath, at: number, length: number) => Range;
};

/** A configuration file is written by people; more than this is a data file in the wrong place. */
export const fileBytesMax = 262_144;
/** The language nests six deep. Beyond this the parser itself can be brought down, so it is not asked. */
const nestingMax = 100;

/**
 * Parses one file as YAML 1.2 with the core schema, so that `NO`, `on` and `12:30` stay text. Refused with their place:
 * tabs as indentation, duplicate keys, anchors, aliases, merge keys, tags, directives, several documents.
 * Never throws.
 */
export function parseYaml(file: string, raw: string): YamlSource {
  const text = raw.startsWith('\uFEFF') ? raw.slice(1) : raw;
  const { problems, report } = problemList(file);
  const toRange = textRanges(text);
  if (Buffer.byteLength(text) > fileBytesMax) {
    report('config.too_large', fileStart, 'the file is larger than 256 KiB and was not read', {
      hint: 'a file of configuration is written by hand; is this a file of data?',
    });
    return unusable(file, text, toRange, problems);
  }
  if (reportControlCharacters(text, toRange, report) || reportNesting(text, toRange, report))
    return unusable(file, text, toRange, problems);
  const document = parseGuarded(text, report);
  if (document === undefined) return unusable(file, text, toRange, problems);
  reportSyntax(document, text, toRange, report);
  if (problems.length === 0) reportRefusedFeatures(document, text, toRange, report);
  const readable = problems.every((problem) => problem.code === 'config.duplicate_key');
  if (readable && document.contents === null) {
    report('config.empty_file', fileStart, 'the file is empty', {
      hint: 'delete it, or write the configuration into it',
    });
  } else if (readable && !isMap(document.contents)) {
    report('config.wrong_type', fileStart, 'the file must hold "key: value" lines at its top level');
  }
  const usable = readable && isMap(document.contents);
  return {
    file,
    text,
    value: usable ? (document.toJS({ maxAliasCount: 0 }) as { [key: string]: unknown }) : undefined,
    problems,
    offsetRange: toRange,
    ...places(document, text, toRange),
  };
}

function unusable(file: string, text: string, offsetRange: ToRange, problems: readonly Problem[]): YamlSource {
  const whole = (): Range => fileStart;
  return { file, text, value: undefined, problems, offsetRange, valueRange: whole, keyRange: whole, textRange: whole };
}

/** Counts brackets and leading dashes without regard to quotes: nobody writes a hundred of them in any way. */
function reportNesting(text: string, toRange: ToRange, report: Report): boolean {
  const dashes = /^(?: *[-?:](?= )){100}/m.exec(text);
  let tooDeep = dashes?.index ?? -1;
  let depth = 0;
  for (const bracket of text.matchAll(/[[\]{}]/g)) {
    depth = bracket[0] === '[' || bracket[0] === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth <= nestingMax) continue;
    tooDeep = bracket.index;
    break;
  }
  if (tooDeep === -1) return false;
  report('config.syntax', toRange(tooDeep, tooDeep + 1), `more than ${nestingMax} levels are nested here`, {
    hint: 'is a closing bracket missing?',
  });
  return true;
}

function parseGuarded(text: string, report: Report): Document | undefined {
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      merge: false,
      logLevel: 'error',
    }) as Document;
  } catch {
    // Only nesting beyond the parser's stack comes here.
    report('config.syntax', fileStart, 'the file cannot be read as YAML: it is nested too deeply');
    return undefined;
  }
}

type Found = { readonly key: Node | undefined; readonly value: Node | undefined; readonly complete: boolean };

function find(document: Document, path: YamlPath): Found {
  let found: Found = { key: undefined, value: document.contents ?? undefined, complete: true };
  for (const step of path) {
    let key: Node | undefined;
    let value: unknown;
    let present = false;
    if (isMap(found.value)) {
      // The last of two equal keys is the one whose value is used.
      const pair = found.value.items.findLast((item) => isScalar(item.key) && String(item.key.value) === String(step));
      present = pair !== undefined;
      if (isNode(pair?.key)) key = pair.key;
      value = pair?.value;
    } else if (isSeq(found.value) && typeof step === 'number') {
      value = found.value.items[step];
      present = value !== undefined;
    }
    if (!present) return { ...found, complete: false };
    found = { key, value: isNode(value) ? value : undefined, complete: true };
  }
  return found;
}

function places(
  document: Document,
  text: string,
  toRange: ToRange,
): Pick<YamlSource, 'valueRange' | 'keyRange' | 'textRange'> {
  const rangeOf = (node: Node | undefined): Range | undefined => {
    const range = node?.range;
    return range === undefined || range === null || range[1] <= range[0] ? undefined : toRange(range[0], range[1]);
  };
  const keyRange = (path: YamlPath): Range => {
    const { key, value } = find(document, path);
    return rangeOf(key) ?? (path.length === 0 ? fileStart : rangeOf(value)) ?? fileStart;
  };
  const valueRange = (path: YamlPath): Range => {
    const { key, value, complete } = find(document, path);
    if (!complete)
      return (
        rangeOf(key) ??
        (isMap(document.contents) && value === document.contents ? fileStart : rangeOf(value)) ??
        fileStart
      );
    return rangeOf(value) ?? rangeOf(key) ?? fileStart;
  };
  const textRange = (path: YamlPath, at: number, length: number): Range => {
    const { value } = find(document, path);
    const range = value?.range;
    if (!isScalar(value) || typeof value.value !== 'string' || range === undefined || range === null)
      return valueRange(path);
    const content = range[0] + (value.type === 'QUOTE_DOUBLE' || value.type === 'QUOTE_SINGLE' ? 1 : 0);
    if (!text.startsWith(value.value, content)) return valueRange(path);
    return toRange(content + at, content + at + length);
  };
  return { keyRange, valueRange, textRange };
}
