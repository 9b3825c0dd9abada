import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connectionsSchemaJson, type EditorContext, pairSchemaJson } from '../contract/config/editor-schema.js';
import { loadConfig } from '../contract/config/load.js';
import { readDiscovered, schemaFolderOf } from './check-folder.js';

/**
 * Writes the JSON Schemas that the first line of each configuration file points an editor to: one for
 * connections.yaml and one for each pair, completed with the fields that were discovered.
 * @returns the paths that were written, relative to the folder
 */
export async function writeEditorSchemas(
  folder: string,
  schemaFolder = schemaFolderOf(folder),
): Promise<readonly string[]> {
  const [config, { discovered }] = await Promise.all([loadConfig(folder), readDiscovered(schemaFolder)]);
  const connections = config.connections.map((connection) => connection.name);
  const schemas = new Map<string, unknown>([['connections.json', connectionsSchemaJson()]]);
  for (const file of config.sources.keys()) {
    if (!file.startsWith('pairs/')) continue;
    const rules = config.pairs.find((pair) => pair.file === file)?.rules;
    const sides = (rules?.sides ?? []).map((side) => ({
      name: side.name,
      fields: discovered.get(side.connection)?.objects[side.object]?.fields,
    }));
    const context: EditorContext = {
      ...(connections.length > 0 ? { connections } : {}),
      ...(sides.length > 0 ? { sides } : {}),
    };
    schemas.set(file.replace(/\.yaml$/, '.json'), pairSchemaJson(context));
  }
  const written = [...schemas].map(async ([name, schema]) => {
    const path = join('.parley', 'editor', name);
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    // An editor may read at any moment, so a file is replaced whole.
    await writeFile(`${target}.new`, `${JSON.stringify(schema, null, 2)}\n`);
    await rename(`${target}.new`, target);
    return path;
  });
  return (await Promise.all(written)).sort();
}
