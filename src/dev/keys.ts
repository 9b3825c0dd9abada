import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSigningKey } from '../checkpoints/note.js';
import { writePrivateFile } from './passwords.js';

/** The keys of an embedded stack. In production they come from where secrets are kept. */
export type DevKeys = {
  /** Signs the checkpoints of the ledgers. */
  readonly checkpoint: string;
  /** Marks the identities of erased records. */
  readonly erasure: string;
  /** Wraps the keys under which values of the history are encrypted. */
  readonly wrapping: string;
};

/** Made at the first start that needs them and kept beside the data, in a file that only its owner can read. */
export async function keysIn(home: string): Promise<DevKeys> {
  const file = join(home, 'keys.json');
  const known = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Partial<DevKeys>;
  const random = (): string => randomBytes(32).toString('base64');
  const keys = { checkpoint: newSigningKey(), erasure: random(), wrapping: random(), ...known };
  if (Object.keys(keys).some((name) => !(name in known)))
    await writePrivateFile(file, `${JSON.stringify(keys, null, 2)}\n`);
  return keys;
}
