import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from './passwords.js';

/** What `dev.json` says about the stack of one folder. It holds secrets: mode 0600, never printed whole. */
export type DevFile = {
  readonly schema: 'parley.dev/1';
  readonly state: 'starting' | 'running' | 'stopped';
  readonly pid: number;
  readonly startedAt: string;
  readonly api: { readonly url: string; readonly token: string };
  readonly temporal: { readonly address: string; readonly namespace: string; readonly own: boolean };
  readonly database: { readonly url: string; readonly ownerUrl: string; readonly dataFolder: string };
  readonly ports: { readonly postgres: number; readonly temporal: number | null; readonly api: number };
  /** Variables of the systems that this stack brought along, such as the demo's CRM_URL. */
  readonly variables?: { readonly [name: string]: string };
  readonly pids: { readonly [name: string]: number };
  readonly logs: string;
};

/** The folder of a workspace that holds everything the embedded stack keeps. */
export function parleyFolder(workspace: string): string {
  return join(workspace, '.parley');
}

/** The file as last written; undefined when there is none or it is from another version. */
export async function readDevFile(workspace: string): Promise<DevFile | undefined> {
  try {
    const content = JSON.parse(await readFile(join(parleyFolder(workspace), 'dev.json'), 'utf8')) as DevFile;
    return content.schema === 'parley.dev/1' ? content : undefined;
  } catch {
    return undefined;
  }
}

export async function writeDevFile(workspace: string, content: DevFile): Promise<void> {
  await writePrivateFile(join(parleyFolder(workspace), 'dev.json'), `${JSON.stringify(content, null, 2)}\n`);
}
