import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Discovered, DiscoveredObject } from '../contract/config/discovered.js';
import { loadConfig, requireSound } from '../contract/config/load.js';
import { ParleyError } from '../core/errors.js';
import { schemaFolderOf } from './check-folder.js';
import type { Machinery } from './machinery.js';

/** An object that a pair uses, with the key the pair's file gives it. */
export type UsedObject = { readonly connection: string; readonly object: string; readonly key: readonly string[] };

/**
 * The objects that the pairs of a folder use, of one connection or of all. Errors elsewhere in the files are no
 * hindrance: fields are often discovered because the files are not right yet.
 * @throws ParleyError `config.not_found` for a connection that no pair uses
 */
export async function usedObjects(folder: string, connection: string | undefined): Promise<readonly UsedObject[]> {
  const config = await loadConfig(folder);
  const used = new Map<string, UsedObject>();
  for (const { rules } of config.pairs) {
    for (const side of rules.sides) used.set(`${side.connection}/${side.object}`, side);
  }
  for (const uses of config.uses.values()) {
    for (const { side } of uses) {
      const name = `${side.connection}/${side.object}`;
      if (!used.has(name)) used.set(name, side);
    }
  }
  const objects = [...used.values()].filter((object) => connection === undefined || object.connection === connection);
  if (objects.length > 0)
    return objects.map(({ connection: name, object, key }) => ({ connection: name, object, key }));
  requireSound(config);
  throw new ParleyError(
    'config.not_found',
    connection === undefined
      ? 'No pair uses an object yet, so there is nothing to discover. Nothing was contacted.'
      : `No pair uses an object of the connection "${connection}". Nothing was contacted.`,
    { hint: 'Name the object under systems: in pairs/NAME.yaml, such as crm/public.accounts.' },
  );
}

/** Reads what the objects look like, a connection at a time. Contacts the systems and writes nothing to them. */
export async function discoverObjects(
  objects: readonly UsedObject[],
  { describe }: Pick<Machinery, 'describe'>,
  { folder, nowMs }: { readonly folder: string; readonly nowMs: number },
): Promise<readonly Discovered[]> {
  const found = new Map<string, { [object: string]: DiscoveredObject }>();
  for (const used of objects) {
    const described = await describe({ folder, ...used });
    const known = found.get(used.connection) ?? {};
    const fields = described.fields.map(({ name, type, writable, nullable }) => ({ name, type, writable, nullable }));
    known[used.object] = { ...described, object: used.object, key: [...described.key], fields };
    found.set(used.connection, known);
  }
  const readAt = new Date(nowMs).toISOString();
  return [...found].map(([connection, described]) => ({ connection, readAt, objects: described }));
}

/** Keeps what was discovered for `check` and for editors. @returns the paths, relative to the folder */
export async function saveDiscovered(folder: string, discovered: readonly Discovered[]): Promise<readonly string[]> {
  const target = schemaFolderOf(folder);
  await mkdir(target, { recursive: true });
  for (const found of discovered) {
    const file = join(target, `${found.connection}.json`);
    await writeFile(`${file}.new`, `${JSON.stringify(found, null, 2)}\n`);
    await rename(`${file}.new`, file);
  }
  const { writeEditorSchemas } = await import('./check-editor.js');
  const own = discovered.map(({ connection }) => join('.parley', 'schema', `${connection}.json`));
  return [...own, ...(await writeEditorSchemas(folder))];
}
