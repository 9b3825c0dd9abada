import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ParleyError } from '../core/errors.js';
import type { Terminal } from './terminal.js';

export type ServerAddress = { readonly url: string; readonly token: string };

/**
 * The server to talk to: the one that PARLEY_URL names, else the one that `parley dev` runs for the folder or a folder
 * above it. @throws ParleyError `api.unreachable` when there is none, `auth.missing` when the token is not given
 */
export async function findServer(folder: string, env: Terminal['env']): Promise<ServerAddress> {
  const url = env['PARLEY_URL'];
  if (url !== undefined && url !== '') {
    const token = env['PARLEY_TOKEN'];
    if (token !== undefined && token !== '') return { url, token };
    throw new ParleyError('auth.missing', 'PARLEY_URL is set but PARLEY_TOKEN is not. Nothing was asked.', {
      hint: 'Set PARLEY_TOKEN to a token of that server.',
    });
  }
  for (const place of foldersUpFrom(folder)) {
    const address = await devServer(place);
    if (address !== undefined) return address;
  }
  throw new ParleyError('api.unreachable', 'No server is running here.', {
    hint: 'Start one with `parley dev`, or set PARLEY_URL and PARLEY_TOKEN to one that runs elsewhere.',
  });
}

/** The folder and those above it, innermost first. */
export function foldersUpFrom(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersUpFrom(above)];
}

async function devServer(folder: string): Promise<ServerAddress | undefined> {
  const text = await readFile(join(folder, '.parley', 'dev.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const file = jsonIn(text) as { readonly state?: unknown; readonly api?: Partial<ServerAddress> } | undefined;
  const { url, token } = file?.api ?? {};
  return file?.state === 'stopped' || typeof url !== 'string' || typeof token !== 'string' ? undefined : { url, token };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
