import type { z } from 'zod';
import { type ErrorCode, errorCodes, ParleyError } from '../../core/errors.js';
import { eventMediaType } from './events.js';
import { type Problem, problemMediaType, problemSchema } from './problem.js';

export type ApiClientSettings = {
  /** Where the server is, such as `http://127.0.0.1:7400`. */
  readonly url: string;
  readonly token: string;
  /** Ends every call; a stream that is being read ends too. */
  readonly signal?: AbortSignal;
};

type Query = { readonly [name: string]: string | number | boolean | undefined };
type Call = { readonly method: 'GET' | 'POST'; readonly path: string; readonly query?: Query; readonly body?: unknown };

/** A path with its parts escaped. A part of dots alone would be resolved as a step in the path, whatever its escaping. */
export function path(texts: TemplateStringsArray, ...parts: readonly (string | number)[]): string {
  return texts.reduce((sum, text, index) => {
    const part = String(parts[index - 1]);
    if (part === '.' || part === '..' || part === '') {
      throw new ParleyError('request.invalid', `"${part}" cannot be part of an address. Nothing was sent.`);
    }
    return `${sum}${encodeURIComponent(part)}${text}`;
  });
}

export function createTransport(settings: ApiClientSettings) {
  async function call({ method, path: address, query = {}, body }: Call): Promise<Response> {
    const url = addressOf(settings.url, address, query);
    try {
      return await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${settings.token}`,
          accept: `application/json, ${eventMediaType}, ${problemMediaType}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        // The token is for this server alone.
        redirect: 'error',
        signal: settings.signal ?? null,
      });
    } catch (error) {
      throw unreachable(settings, error);
    }
  }

  async function answered<Schema extends z.ZodType>(
    schema: Schema,
    request: Call,
    alsoGood: readonly number[] = [],
  ): Promise<z.output<Schema>> {
    const response = await call(request);
    if (!response.ok && !alsoGood.includes(response.status)) throw await problemIn(settings, response);
    return understood(settings, schema, await textOf(settings, response));
  }

  return {
    get: <Schema extends z.ZodType>(schema: Schema, at: string, query: Query = {}, alsoGood: readonly number[] = []) =>
      answered(schema, { method: 'GET', path: at, query }, alsoGood),
    post: <Schema extends z.ZodType>(schema: Schema, at: string, body?: unknown) =>
      answered(schema, { method: 'POST', path: at, body }),
    lines: async function* <Schema extends z.ZodType>(
      schema: Schema,
      method: Call['method'],
      at: string,
      query: Query = {},
    ): AsyncGenerator<z.output<Schema>> {
      const response = await call({ method, path: at, query });
      if (!response.ok) throw await problemIn(settings, response);
      for await (const line of linesOf(settings, response)) yield understood(settings, schema, line);
    },
  };
}

function addressOf(base: string, address: string, query: Query): URL {
  if (!URL.canParse(base)) {
    throw new ParleyError('request.invalid', 'The address of the API is not a URL. Nothing was sent.', {
      hint: 'It looks like http://127.0.0.1:7400.',
    });
  }
  const url = new URL(address, base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

async function textOf(settings: ApiClientSettings, response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(settings, error);
  }
}

/**
 * The lines of an answer that goes on for a while; ends quietly when the signal aborts.
 * The signal is listened to here as well: `fetch` keeps what it needs for aborting a body only weakly, so that on Node 20
 * a garbage collection during a long answer makes it deaf.
 */
async function* linesOf({ signal, ...settings }: ApiClientSettings, response: Response): AsyncGenerator<string> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  const reader = body?.getReader();
  if (reader === undefined) return;
  const stop = (): void => void reader.cancel().catch(() => undefined);
  const aborted = (): boolean => signal?.aborted === true;
  signal?.addEventListener('abort', stop, { once: true });
  const decoder = new TextDecoder();
  let rest = '';
  try {
    while (!aborted()) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) if (line !== '') yield line;
    }
  } catch (error) {
    // An abort is the reader's own wish to stop, not a failure.
    if (!aborted()) throw unreachable(settings, error);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
  if (rest !== '' && !aborted()) yield rest;
}

/** The answer as the schema knows it. What the schema does not know is dropped, so that a newer server may say more. */
function understood<Schema extends z.ZodType>(
  settings: ApiClientSettings,
  schema: Schema,
  text: string,
): z.output<Schema> {
  const parsed = schema.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ParleyError(
    'api.not_understood',
    `${hostOf(settings)} answered something that this version does not understand` +
      ` (at /${issue?.path.map(String).join('/') ?? ''}).`,
    { hint: 'Is it a Parley server, and of the same version? GET /health names its version.' },
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function problemIn(settings: ApiClientSettings, response: Response): Promise<ParleyError> {
  const parsed = problemSchema.safeParse(jsonIn(await textOf(settings, response)));
  if (parsed.success) return errorOfProblem(parsed.data);
  return new ParleyError(
    'api.not_understood',
    `${hostOf(settings)} answered with status ${response.status} and no explanation.`,
    { hint: 'Is it a Parley server? `parley doctor` says what is reachable.' },
  );
}

/** The error that a problem stands for; codes cross the wire, so that both ends act on the same ones. */
export function errorOfProblem(problem: Problem): ParleyError {
  const known = Object.hasOwn(errorCodes, problem.code);
  const code = known ? (problem.code as ErrorCode) : 'api.not_understood';
  const detail = problem.status >= 500 ? `${problem.detail} (request ${problem.requestId})` : problem.detail;
  return new ParleyError(code, detail, problem.hint === undefined ? {} : { hint: problem.hint });
}

function unreachable(settings: ApiClientSettings, error: unknown): ParleyError {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
  return new ParleyError(
    'api.unreachable',
    `No Parley server answers at ${hostOf(settings)}${code === '' ? '' : ` (${code})`}.`,
    { hint: 'Start one with `parley dev`, or set PARLEY_URL and PARLEY_TOKEN to a running one.', cause: error },
  );
}

/** The server's name without what a URL may hide before it. */
function hostOf(settings: ApiClientSettings): string {
  return new URL(settings.url).host;
}
