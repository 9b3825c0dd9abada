import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export type TextFile = { readonly path: string; readonly text: string };

const machineMade = new Set(['.git', 'node_modules', 'dist', '.parley', 'coverage']);
const textual =
  /(\.([cm]?[jt]sx?|json|md|ya?ml|sql|sh|css|html|csv|txt)|\/run|^Dockerfile|^LICENSE|rc|ignore|\.editorconfig)$/;

/** Every text file of the repository that a person or a tool of ours wrote, in path order, with forward slashes. */
export function readTextFiles(root: string): readonly TextFile[] {
  return walk(root)
    .map((path) => relative(root, path).split(/[\\/]/).join('/'))
    .filter((path) => textual.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function walk(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (machineMade.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return entry.isFile() ? [path] : [];
  });
}
