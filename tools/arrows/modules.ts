import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** One import of one module. `to` is a path of the repository, a package name, or `node:<name>`. */
export type Edge = {
  readonly from: string;
  readonly line: number;
  readonly to: string;
  readonly kind: 'module' | 'package' | 'builtin' | 'missing';
  /** Gone after compilation. `import { type X }` is not: the compiler keeps the empty import. */
  readonly typeOnly: boolean;
};

export type SourceModule = {
  readonly path: string;
  readonly edges: readonly Edge[];
  /** True when the file has nothing but re-exports, or hands on everything of another file. */
  readonly barrel: boolean;
};

type Import = { readonly specifier: string; readonly offset: number; readonly typeOnly: boolean };

/**
 * Every TypeScript module below the folders of `root`, in path order, with what it imports: static, dynamic,
 * re-exported, and `import('...')` in a type. Folders that are not there are left out; counting is the caller's duty.
 * Throws for a file that does not parse and for an import whose name is computed, since neither can be judged.
 */
export function readModules(root: string, folders: readonly string[]): readonly SourceModule[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => sourceFiles(root, folder))
    .sort()
    .map((path) => readModule(root, path));
}

/** TypeScript files below a folder, as paths of the repository with forward slashes. */
export function sourceFiles(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name) && !/\.d\.[cm]?ts$/.test(entry.name))
    .map((entry) =>
      posix.join(
        ...join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .split(/[\\/]/),
      ),
    )
    .filter((path) => !path.split('/').includes('node_modules'));
}

function readModule(root: string, path: string): SourceModule {
  const text = readFileSync(join(root, path), 'utf8');
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const imports = importsOf(program, path);
  const edges = imports.map(({ specifier, offset, typeOnly }): Edge => {
    const line = text.slice(0, offset).split('\n').length;
    return { from: path, line, typeOnly, ...resolve(root, path, specifier) };
  });
  return { path, edges, barrel: isBarrel(program) };
}

type Program = ReturnType<typeof parseSync>['program'];

function importsOf(program: Program, path: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: unknown, offset: number, typeOnly: boolean): void => {
    // A test may import anything, so a name that is computed there cannot be a wrong arrow.
    if (typeof specifier !== 'string' && path.startsWith('test/')) return;
    if (typeof specifier !== 'string') throw new Error(`${path}: an import whose name is computed cannot be checked`);
    found.push({ specifier, offset, typeOnly });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, node.start, node.importKind === 'type'),
    ExportAllDeclaration: (node) => add(node.source.value, node.start, node.exportKind === 'type'),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node.source.value, node.start, node.exportKind === 'type');
    },
    ImportExpression: (node) => add(literal(node.source), node.start, false),
    TSImportType: (node) => add(literal(node.source), node.start, true),
  }).visit(program);
  return found;
}

function literal(node: { readonly type: string; readonly value?: unknown }): unknown {
  return node.type === 'Literal' ? node.value : undefined;
}

function isBarrel(program: Program): boolean {
  const all = program.body.some((node) => node.type === 'ExportAllDeclaration');
  const only = program.body.every((node) => node.type === 'ExportNamedDeclaration' && node.source !== null);
  return all || (only && program.body.length > 0);
}

function resolve(root: string, from: string, specifier: string): Pick<Edge, 'to' | 'kind'> {
  if (specifier.startsWith('.')) {
    const base = posix.join(posix.dirname(from), specifier);
    const candidates = [
      base,
      base.replace(/\.js$/, '.ts'),
      base.replace(/\.js$/, '.tsx'),
      base.replace(/\.mjs$/, '.mts'),
    ];
    const to = candidates.find((path) => existsSync(join(root, path)));
    return to === undefined ? { to: base, kind: 'missing' } : { to, kind: 'module' };
  }
  if (isBuiltin(specifier)) return { to: `node:${specifier.replace(/^node:/, '')}`, kind: 'builtin' };
  const parts = specifier.split('/');
  return { to: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), kind: 'package' };
}
