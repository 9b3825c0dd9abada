import { access, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ApiClient } from '../contract/api/client.js';
import { wrongUsage } from './failure.js';
import type { Machinery } from './machinery.js';
import { type Output, outputOn } from './output.js';
import { type ColorWish, styleFor } from './render/style.js';
import { findServer, foldersUpFrom } from './server.js';
import type { Terminal } from './terminal.js';

/** Flags that mean the same in every command. */
export type GlobalFlags = {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: ColorWish;
  readonly ascii?: boolean;
  readonly yes?: boolean;
  readonly pair?: string;
  readonly folder?: string;
};

/** What a command works with. */
export type Context = {
  readonly output: Output;
  readonly terminal: Terminal;
  readonly machinery: Machinery;
  readonly flags: GlobalFlags;
  /** The workspace: where connections.yaml is. Absolute. */
  readonly folder: string;
  /** A client of the server that runs here. Ctrl-C ends its calls, and so does the signal. */
  readonly api: (until?: AbortSignal) => Promise<ApiClient>;
  /** The pair that is meant: the argument, `--pair`, or the only one there is. @throws ParleyError `request.invalid` */
  readonly pair: (given?: string) => Promise<string>;
  /** Raised by the first Ctrl-C, once the command has said what is left. */
  readonly interrupted: AbortSignal;
  /** What to say when Ctrl-C is pressed from now on: what goes on, what is left. */
  readonly onInterrupt: (sentence: () => string) => void;
};

export type OpenContext = { readonly context: Context; readonly close: () => string | null };

/** @returns the context, and what ends it: the sentence to say when it was interrupted, else null */
export async function openContext(terminal: Terminal, machinery: Machinery, flags: GlobalFlags): Promise<OpenContext> {
  const output = outputOn(terminal, styleFor(terminal, flags), {
    json: flags.json === true,
    quiet: flags.quiet === true,
  });
  const folder = await workspaceOf(terminal, flags);
  const aborted = new AbortController();
  let sentence = (): string => 'Interrupted. Nothing is left undone; running it again is safe.';
  let release = (): void => undefined;
  let isListening = false;
  const listen = (): void => {
    if (isListening) return;
    isListening = true;
    release = terminal.onInterrupt((presses) => {
      if (presses > 1) terminal.leave(130);
      aborted.abort();
    });
  };
  const api = (until?: AbortSignal): Promise<ApiClient> => {
    listen();
    const signal = until === undefined ? aborted.signal : AbortSignal.any([aborted.signal, until]);
    return connect(folder, terminal, signal);
  };
  const context: Context = {
    output,
    terminal,
    machinery,
    flags,
    folder,
    api,
    pair: async (given) => given ?? flags.pair ?? (await onlyPair(folder, api)),
    interrupted: aborted.signal,
    onInterrupt(say) {
      listen();
      sentence = say;
    },
  };
  return {
    context,
    close() {
      release();
      return aborted.signal.aborted ? sentence() : null;
    },
  };
}

async function connect(folder: string, terminal: Terminal, signal: AbortSignal): Promise<ApiClient> {
  const address = await findServer(folder, terminal.env);
  // The schemas of the API take time to load, and commands that contact nothing do not need them.
  const { createApiClient } = await import('../contract/api/client.js');
  return createApiClient({ ...address, signal });
}

/** `--folder`, PARLEY_CONFIG, the nearest folder with connections.yaml here or above, or where we are. */
async function workspaceOf({ cwd, env }: Terminal, { folder }: GlobalFlags): Promise<string> {
  const told = folder ?? env['PARLEY_CONFIG'];
  if (told !== undefined && told !== '') return resolve(cwd, told);
  for (const place of foldersUpFrom(resolve(cwd))) {
    const isWorkspace = await access(join(place, 'connections.yaml')).then(
      () => true,
      () => false,
    );
    if (isWorkspace) return place;
  }
  return resolve(cwd);
}

/** The only pair of the folder; where the folder holds none, the only one of the server. */
async function onlyPair(folder: string, api: Context['api']): Promise<string> {
  const files = await readdir(join(folder, 'pairs')).catch((): string[] => []);
  const here = files.filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -'.yaml'.length));
  const names = here.length > 0 ? here.sort() : await pairsOfServer(api);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (names.length === 0) throw wrongUsage('There is no pair yet.', 'Write pairs/NAME.yaml, or run parley init.');
  throw wrongUsage(`Which pair? There are ${names.length}: ${names.join(', ')}.`, 'Name one, or use --pair NAME.');
}

async function pairsOfServer(api: Context['api']): Promise<readonly string[]> {
  const { rows } = await (await api()).pairs.list();
  return rows.map(({ pair }) => pair);
}
