import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ParleyError } from '../../core/errors.js';
import type { ConnectorSettings } from '../../engine/connector.js';
import { asRefusal } from './system-errors.js';

/** One file of one connection: how it is spoken of and where it stands. */
export type Place = {
  /** The object as configured, `suppliers.csv`: what messages say. Absolute paths stay out of them. */
  readonly object: string;
  readonly folder: string;
  /** The path before symbolic links are followed. */
  readonly path: string;
};

/**
 * The file that the settings name. An object is a relative path below the folder, with forward slashes.
 * @throws ParleyError `config.invalid` when the folder is missing or the object would leave it.
 */
export function placeOf(settings: ConnectorSettings): Place {
  const { connection, object } = settings;
  const folder = settings.options['folder'];
  if (folder === undefined || !isAbsolute(folder)) {
    throw new ParleyError('config.invalid', `connection ${connection} has no absolute folder.`, {
      hint: `Give connection ${connection} a \`folder\` in connections.yaml.`,
    });
  }
  const isNamed = object !== '' && !/[\0\\]/.test(object) && !isAbsolute(object);
  if (!isNamed || object.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new ParleyError('config.invalid', `${connection}/${object} does not name a file below the folder.`, {
      hint: 'Name the file relative to the folder, such as suppliers.csv or exports/suppliers.csv.',
    });
  }
  return { object, folder, path: join(folder, object) };
}

/**
 * The file itself, symbolic links followed. It is asked for at every use, since a link may be turned at any time.
 * @throws ParleyError `connector.denied` when the link leads out of the folder.
 */
export async function realPathOf(place: Place): Promise<string> {
  try {
    const [folder, path] = await Promise.all([realpath(place.folder), realpath(place.path)]);
    const below = relative(folder, path);
    if (below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below)) return path;
  } catch (error) {
    throw asRefusal(error, place.object, 'read');
  }
  throw new ParleyError(
    'connector.denied',
    `${place.object} is a link that leads out of its folder; it was not read.`,
    {
      hint: 'Point the folder of the connection at the place where the file really is.',
    },
  );
}

/** A short name for a text, for files in the work folder. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
