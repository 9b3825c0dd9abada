import { type Document, isAlias, isCollection, isMap, isScalar, type Pair, visit, type YAMLParseError } from 'yaml';
import type { Report } from './problems.js';
import { quoted } from './suggest.js';
import type { ToRange } from './text-ranges.js';

/** Refuses characters that YAML forbids and a terminal would obey. True when there was one. */
export function reportControlCharacters(text: string, toRange: ToRange, report: Report): boolean {
  // Beyond tab, line feed and the carriage return before one, YAML allows none, and a terminal would obey them.
  const found = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)/.exec(text);
  if (found === null) return false;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  report(
    'config.not_text',
    toRange(found.index, found.index + 1),
    `an invisible control character (U+${code}) stands here`,
    { hint: 'delete it' },
  );
  return true;
}

const syntaxHints: { readonly [code: string]: string } = {
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a value that holds ": " must stand in quotes; a nested mapping starts on its own line',
  BAD_INDENT: 'lines of one mapping or list start in the same column; a { or [ needs its } or ]',
  MISSING_CHAR: 'is a closing quote, a comma, or the ":" after a key missing?',
  NON_STRING_KEY: 'keys are plain words; put the value in quotes if it starts with [ or {',
  BAD_DQ_ESCAPE: 'use single quotes: a backslash means itself there',
  UNEXPECTED_TOKEN: 'is a quote, a comma or a closing bracket missing before this place?',
};

/** After the first few, the parser reports what follows from them. */
const syntaxErrorsMax = 5;

/** Puts what the parser found into words. Where tabs indent, they are the cause of what else it found. */
export function reportSyntax(document: Document, text: string, toRange: ToRange, report: Report): void {
  if (document.errors.length === 0) return;
  const tabs = [...text.matchAll(/^( *)\t/gm)];
  if (tabs.length > 0) {
    for (const tab of tabs) {
      const start = tab.index + (tab[1] ?? '').length;
      report('config.tab', toRange(start, start + 1), 'a tab indents this line', { hint: 'indent with spaces' });
    }
    return;
  }
  for (const error of document.errors.slice(0, syntaxErrorsMax)) {
    const [start, end] = unclosedAt(document, error) ?? error.pos;
    const range = toRange(start, end);
    if (error.code === 'MULTIPLE_DOCS') {
      report('config.many_documents', range, 'a second document starts here; a file holds one', {
        hint: 'remove the line with ---, or move what follows into its own file',
      });
    } else {
      const hint = syntaxHints[error.code];
      const message = error.message.split('\n')[0] ?? '';
      report('config.syntax', range, `this is not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, {
        hint,
      });
    }
  }
}

/**
 * Where a quote or bracket opens that is never closed. The parser notices far below, at the end of the file or where
 * the indentation falls back; the mistake is where it opens.
 */
function unclosedAt(document: Document, error: YAMLParseError): readonly [number, number] | undefined {
  if (!/closing|end with a|Expected flow/.test(error.message)) return undefined;
  let open: readonly [number, number] | undefined;
  visit(document, {
    Node: (_key, node) => {
      const quotes = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
      const brackets = isCollection(node) && node.flow === true;
      const range = node.range;
      if (!(quotes || brackets) || range === undefined || range === null) return;
      if (range[0] <= error.pos[0] && range[1] >= error.pos[0]) open = [range[0], range[0] + 1];
    },
  });
  return open;
}

const spellOut = 'write the values out where they are used';

/** Refuses what makes a file say something else than its lines: anchors, merge keys, tags, directives, duplicates. */
export function reportRefusedFeatures(document: Document, text: string, toRange: ToRange, report: Report): void {
  const directive = /^%.*$/m.exec(text);
  if (directive !== null && document.directives?.yaml.explicit !== undefined) {
    report(
      'config.yaml_feature',
      toRange(directive.index, directive.index + directive[0].length),
      'directives are not used here',
      {
        hint: 'remove the line; files are read as YAML 1.2',
      },
    );
  }
  visit(document, {
    Node: (_key, node) => {
      if (isMap(node)) reportKeys(node.items, toRange, report);
      const [start, end] = node.range ?? [0, 1];
      if (isAlias(node)) {
        report('config.yaml_feature', toRange(start, end), 'aliases (*name) are not used here', { hint: spellOut });
        return;
      }
      if (node.anchor !== undefined) {
        const place = text.lastIndexOf(`&${node.anchor}`, start);
        const from = place === -1 ? start : place;
        report(
          'config.yaml_feature',
          toRange(from, from + node.anchor.length + 1),
          'anchors (&name) are not used here',
          {
            hint: spellOut,
          },
        );
      }
      if (node.tag !== undefined) {
        const place = text.lastIndexOf('!', start);
        const from = place === -1 ? start : text.lastIndexOf('!!', place) === place - 1 ? place - 1 : place;
        report('config.yaml_feature', toRange(from, start), 'tags (!name) are not used here', { hint: 'remove it' });
      }
    },
  });
}

function reportKeys(pairs: readonly Pair[], toRange: ToRange, report: Report): void {
  const firstLines = new Map<string, number>();
  for (const { key } of pairs) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const range = toRange(key.range?.[0] ?? 0, key.range?.[1] ?? 1);
    const firstLine = firstLines.get(name);
    if (name === '<<') {
      report('config.yaml_feature', range, 'merge keys (<<) are not used here', { hint: spellOut });
    } else if (name === '__proto__') {
      report('config.yaml_feature', range, '__proto__ cannot be used as a key');
    } else if (firstLine !== undefined) {
      report(
        'config.duplicate_key',
        range,
        `${quoted(name)} stands here a second time; the first is on line ${firstLine}`,
        {
          hint: 'keep one of the two',
        },
      );
    } else {
      firstLines.set(name, range.line);
    }
  }
}
