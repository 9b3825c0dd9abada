import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSigningKey } from '../checkpoints/note.js';
import { createPrivateFile } from './passwords.js';

/** The keys of an embedded stack. In production they come from where secrets are kept. */
export type DevKeys = {
  /** Signs the checkpoints of the ledgers. */
  readonly checkpoint: string;
};

/** Made at the first start and kept beside the data, in a file that only its owner can read. */
export async function keysIn(home: string): Promise<DevKeys> {
  const file = join(home, 'keys.json');
  const fresh: DevKeys = { checkpoint: newSigningKey() };
  if (await createPrivateFile(file, `${JSON.stringify(fresh, null, 2)}\n`)) return fresh;
  return JSON.parse(await readFile(file, 'utf8')) as DevKeys;
}
