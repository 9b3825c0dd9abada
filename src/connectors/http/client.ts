import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../core/errors.js';
import { parseExact } from './exact-json.js';
import type { Place } from './place.js';

export type Answer = {
  readonly status: number;
  /** Null when the body is empty or is not JSON. */
  readonly body: unknown;
  /** Where a redirect leads; nothing follows it. */
  readonly location: string | null;
};

export type Request = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly address: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
};

/** The way failed: `before` it is certain that the request never reached the API, `unknown` it may have. */
export class WayFailed extends Error {
  readonly effect: 'none' | 'unknown';

  constructor(effect: 'none' | 'unknown', why: string) {
    super(why);
    this.name = 'WayFailed';
    this.effect = effect;
  }
}

const bytesMax = 32 * 2 ** 20;
/** What the API asks us to wait is waited for here up to this; longer waits are the workflow's. */
const waitMaxMs = 5_000;
const busyTriesMax = 4;

/** Codes of Node that a request fails with before its first byte has left. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * One request and its answer. Nothing is followed: a redirect would carry the token to another place. An answer that
 * asks for patience (429) is waited for, and asked again. @throws WayFailed, or the signal's reason
 */
export async function ask(place: Place, request: Request): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    request.signal?.throwIfAborted();
    const { answer, waitMs } = await askOnce(place, request);
    if (answer.status !== 429) return answer;
    if (tries === busyTriesMax || waitMs > waitMaxMs) return answer;
    await sleep(waitMs, undefined, request.signal === undefined ? {} : { signal: request.signal });
  }
}

async function askOnce(place: Place, request: Request): Promise<{ answer: Answer; waitMs: number }> {
  const { method, address, headers, body, signal } = request;
  const timeout = AbortSignal.timeout(place.timeoutMs);
  try {
    const response = await fetch(address, {
      method,
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      headers: {
        accept: 'application/json',
        // What is sent compressed could be any size once it is not.
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(place.token === null ? {} : { authorization: `Bearer ${place.token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await textOfAnswer(response);
    return {
      answer: { status: response.status, body: parsed(text), location: response.headers.get('location') },
      waitMs: waitOf(response),
    };
  } catch (error) {
    if (error instanceof WayFailed) throw error;
    if (timeout.aborted) throw new WayFailed('unknown', `no answer within ${place.timeoutMs / 1_000} s`);
    if (signal?.aborted === true) throw new WayFailed('unknown', 'called off');
    const code = codeOf(error);
    throw new WayFailed(beforeSending.has(code) ? 'none' : 'unknown', code);
  }
}

async function textOfAnswer(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > bytesMax) throw new WayFailed('unknown', `an answer of more than ${bytesMax / 2 ** 20} MiB`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : parseExact(text);
  } catch {
    return null;
  }
}

/** Seconds or a date, as HTTP has it; a second when nothing is said. */
function waitOf(response: Response): number {
  const said = response.headers.get('retry-after');
  if (said === null) return 1_000;
  const seconds = Number(said);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(said) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 1_000;
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code;
  return 'the connection broke';
}

/** What an answer that is no success means for a read, or for a batch of which nothing was done. */
export function refusalOf(place: Place, { status }: Pick<Answer, 'status'>, safe: string): ParleyError {
  const at = `${place.connection} (${place.origin})`;
  if (status === 410)
    return new ParleyError(
      'connector.cursor_expired',
      `${at} no longer knows our place in its changes. Nothing is lost.`,
      {
        hint: 'The collection is read in full.',
      },
    );
  if (status === 401 || status === 403)
    return new ParleyError('connector.denied', `${at} does not let us (${status}). ${safe}`, {
      hint: `Give the connection "${place.connection}" a token that may read and write ${place.object}.`,
    });
  if (status === 404)
    return new ParleyError('connector.object_not_found', `${at} has no collection ${place.object} (404). ${safe}`, {
      hint: 'Check url in connections.yaml and the object in the pair.',
    });
  if (status >= 300 && status < 400)
    return new ParleyError(
      'connector.unsupported',
      `${at} answers with a redirect (${status}), which is not followed. ${safe}`,
      {
        hint: 'Write the address that it leads to: a token is never carried to another place.',
      },
    );
  if (status === 429 || status >= 500)
    return new ParleyError('connector.unreachable', `${at} cannot answer now (${status}). ${safe}`, {
      hint: 'It is tried again by itself.',
    });
  return new ParleyError(
    'connector.unsupported',
    `${at} answers in a way that is not understood (${status}). ${safe}`,
    {
      hint: 'docs/guide/connectors.md says what a JSON API has to offer.',
    },
  );
}

export function unreachable(place: Place, { message }: WayFailed, safe: string): ParleyError {
  return new ParleyError(
    'connector.unreachable',
    `${place.connection} (${place.origin}) does not answer: ${message}. ${safe}`,
    { hint: 'It is tried again by itself.' },
  );
}
