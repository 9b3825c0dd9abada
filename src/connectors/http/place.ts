import { isIPv4 } from 'node:net';
import { ParleyError } from '../../core/errors.js';
import { keyParts, type RecordKey } from '../../core/ids.js';
import type { ConnectorSettings } from '../../engine/connector.js';
import { parseInterval } from '../../contract/config/durations.js';

/** One collection of one JSON API: how it is spoken of, where it is, and what its owner declared about it. */
export type Place = {
  readonly connection: string;
  /** The collection as configured: `customers`. */
  readonly object: string;
  /** `scheme://host:port`, what messages say; no path, no token. */
  readonly origin: string;
  /** The collection's address, without a slash at its end. */
  readonly address: string;
  /** Sent as `Authorization: Bearer`; null when the API asks for none. */
  readonly token: string | null;
  readonly key: readonly string[];
  /** The member of a record that holds its version, sent back as `If-Match`; null when the API has none. */
  readonly version: string | null;
  /** The member of a record that names the record that it was merged into; null when the API has none. */
  readonly merged: string | null;
  /** Whether the API recognises a create that comes again by its `Idempotency-Key`. */
  readonly remembersCreates: boolean;
  /** How long one request may take, in ms. */
  readonly timeoutMs: number;
};

const timeoutDefaultMs = 30_000;

/**
 * Reads the settings. Requests only ever go below this address: no link of an answer and no redirect is followed.
 * @throws ParleyError `config.invalid`; neither the token nor the address's path is part of the message.
 */
export function placeOf(settings: ConnectorSettings): Place {
  const { connection, object, options, key } = settings;
  const base = baseOf(connection, options['url'] ?? '');
  const parts = object.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /[\0-\x20?#\\%]/.test(part))) {
    throw invalid(
      `${connection}/${object} does not name a collection.`,
      'Write it as it stands in the path: customers.',
    );
  }
  return {
    connection,
    object,
    origin: base.origin,
    address: `${base.origin}${base.pathname.replace(/\/+$/, '')}/${parts.map(encodeURIComponent).join('/')}`,
    token: options['token'] ?? null,
    key,
    version: options['version'] ?? null,
    merged: options['merged'] ?? null,
    remembersCreates: options['creates'] === 'idempotent',
    timeoutMs: timeoutOf(connection, options['timeout']),
  };
}

/** The address of one record: the parts of its key are the last segments of the path. */
export function recordAddress({ address, key: names, connection, object }: Place, key: RecordKey): string {
  const parts = keyParts(key, names.length);
  // An address drops such segments, whatever their spelling, and the request would go to something else.
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new ParleyError(
      'connector.bad_key',
      `A key of ${connection}/${object} is empty or consists of dots, which no address can carry. Nothing was written.`,
    );
  }
  return `${address}/${parts.map(encodeURIComponent).join('/')}`;
}

function baseOf(connection: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(`The url of the connection "${connection}" is not a web address.`, 'Write https://host/path.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(
      `The url of the connection "${connection}" holds more than a host and a path.`,
      'Put the secret into token: env:NAME.',
    );
  }
  if (url.protocol === 'http:' && !isThisMachine(url.hostname)) {
    throw invalid(
      `The url of the connection "${connection}" is not encrypted.`,
      'Write https://. Plain http:// is for this machine only, such as http://127.0.0.1:8080.',
    );
  }
  if (isLinkLocal(url.hostname)) {
    throw invalid(
      `The url of the connection "${connection}" is an address of the machine's own network, where clouds hand out credentials.`,
      'Name the host of the API.',
    );
  }
  return url;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

function isLinkLocal(host: string): boolean {
  return (
    (isIPv4(host) && host.startsWith('169.254.')) || /^\[fe[89ab]/i.test(host) || host === 'metadata.google.internal'
  );
}

function timeoutOf(connection: string, written: string | undefined): number {
  if (written === undefined) return timeoutDefaultMs;
  const read = parseInterval(written);
  if ('fault' in read) {
    throw invalid(`The timeout of the connection "${connection}" is no duration.`, read.fault.hint);
  }
  return read.ms;
}

function invalid(what: string, hint: string): ParleyError {
  return new ParleyError('config.invalid', `${what} Nothing was contacted.`, { hint });
}
