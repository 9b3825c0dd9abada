import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, type RecordKey } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';

export type ApiFields = { readonly [name: string]: Json };
type Row = { fields: ApiFields; version: number };

/**
 * What can befall one request. `early`: 500 and nothing happened. `failed`: it happened, and the answer is 500.
 * `dropped_before`, `dropped_after`: the connection is cut before or after it happened. `late`: no answer, and it
 * happens after the caller has given up. `busy`: 429 with Retry-After. `slow`: an answer that takes its time.
 */
export type ApiFault = 'early' | 'failed' | 'dropped_before' | 'dropped_after' | 'late' | 'busy' | 'slow';

/** One effect on one record, with who asked for it: what is doubled or lost can be seen here alone. */
export type ApiEffect = {
  readonly by: string;
  readonly kind: 'create' | 'update' | 'delete';
  readonly key: RecordKey;
  readonly idempotencyKey: string | null;
  /** The members that changed, as they were and as they are. */
  readonly before: ApiFields;
  readonly after: ApiFields;
};

export type ApiOptions = {
  readonly key: readonly string[];
  readonly fields: readonly string[];
  /** Bearer tokens and who they stand for. */
  readonly tokens: { readonly [token: string]: string };
  /** Whether records carry `_version` and `If-Match` is compared; it is unless told. */
  readonly compares?: boolean;
  readonly remembersCreates?: boolean;
  /** Members whose text must be a number, or the API answers 422. */
  readonly numeric?: readonly string[];
  readonly onEffect?: (effect: ApiEffect) => void;
  /** Asked for each request by whom it is made; a fault strikes that request. */
  readonly fault?: (by: string, method: string) => ApiFault | null;
  /** How long a late request sleeps before it happens, and a slow one before it is answered, in ms. */
  readonly lateMs?: number;
  /** A late request happens when this comes true, whatever the clock says. */
  readonly lateUntil?: Promise<void>;
  readonly slowMs?: number;
};

type Told = { readonly status: number; readonly body?: Json; readonly headers?: { readonly [name: string]: string } };

/** A system of record behind HTTP: a collection with versions, a feed of changes, and idempotent creates. */
export class JsonApi {
  readonly rows = new Map<RecordKey, Row>();
  readonly #options: ApiOptions;
  readonly #gone = new Map<RecordKey, number>();
  readonly #creates = new Map<string, Told>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #version = 0;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** Makes or replaces a record, as somebody who works in the system. */
  put(fields: ApiFields): void {
    const key = this.#keyOf(fields);
    this.#gone.delete(key);
    this.rows.set(key, { fields: { ...this.#blank(), ...fields }, version: (this.#version += 1) });
  }

  edit(key: RecordKey, fields: ApiFields): void {
    const row = this.rows.get(key);
    if (row !== undefined) this.rows.set(key, { fields: { ...row.fields, ...fields }, version: (this.#version += 1) });
  }

  remove(key: RecordKey): void {
    if (this.rows.delete(key)) this.#gone.set(key, (this.#version += 1));
  }

  /** What an earlier process of the same API did, in its order: the same records under the same versions come of it. */
  replay({ kind, key, idempotencyKey, after }: ApiEffect): void {
    if (kind === 'update') this.edit(key, after);
    else if (kind === 'delete') this.remove(key);
    else this.put(after);
    if (kind === 'create' && idempotencyKey !== null) this.#creates.set(idempotencyKey, this.#made(key));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const by = this.#options.tokens[request.headers.authorization?.replace(/^Bearer /, '') ?? ''];
    if (by === undefined) return tell(response, { status: 401 });
    const fault = this.#options.fault?.(by, request.method ?? '') ?? null;
    const act = (): Told => this.#act(request, Buffer.concat(chunks).toString('utf8'), by);
    switch (fault) {
      case 'early':
        return tell(response, { status: 500 });
      case 'busy':
        return tell(response, { status: 429, headers: { 'retry-after': '1' } });
      case 'dropped_before':
        response.destroy();
        return undefined;
      case 'dropped_after':
        act();
        response.destroy();
        return undefined;
      case 'failed':
        act();
        return tell(response, { status: 500 });
      case 'late':
        await (this.#options.lateUntil ?? sleep(this.#options.lateMs ?? 0));
        act();
        response.destroy();
        return undefined;
      case 'slow':
        await sleep(this.#options.slowMs ?? 0);
        return tell(response, act());
      case null:
        return tell(response, act());
    }
  }

  #act(request: IncomingMessage, body: string, by: string): Told {
    const url = new URL(request.url ?? '/', 'http://here');
    const [, , ...parts] = url.pathname.split('/').map(decodeURIComponent);
    try {
      const sent = body === '' ? {} : (JSON.parse(body) as ApiFields);
      if (request.method === 'POST') return this.#create(sent, by, request.headers['idempotency-key']);
      if (parts.length === 0) return this.#changes(url.searchParams);
      const key = keyOf(parts);
      const row = this.rows.get(key);
      if (row === undefined) return { status: 404 };
      if (request.method === 'GET') return { status: 200, ...this.#shown(row) };
      const match = request.headers['if-match'];
      if (this.#compares && match !== undefined && match !== `"${row.version}"`) return { status: 412 };
      return this.#change(request, key, row, { sent, by });
    } catch {
      return { status: 400, body: { code: 'malformed' } };
    }
  }

  #change(request: IncomingMessage, key: RecordKey, row: Row, { sent, by }: { sent: ApiFields; by: string }): Told {
    const idempotencyKey = null;
    if (request.method === 'DELETE') {
      this.remove(key);
      this.#options.onEffect?.({ by, kind: 'delete', key, idempotencyKey, before: row.fields, after: {} });
      return { status: 204 };
    }
    if (!this.#isValid(sent))
      return { status: 422, body: { code: 'bad_value', message: `not valid: ${JSON.stringify(sent)}` } };
    const before = Object.fromEntries(Object.keys(sent).map((name) => [name, row.fields[name] ?? null]));
    this.edit(key, sent);
    this.#options.onEffect?.({ by, kind: 'update', key, idempotencyKey, before, after: sent });
    const { body, ...rest } = this.#shown(this.rows.get(key) as Row);
    // People who save are told what stood there before, so that they can note what they have replaced.
    return { status: 200, ...rest, body: by === 'parley' ? body : { ...body, replaced: before } };
  }

  #create(sent: ApiFields, by: string, idempotencyKey: string | string[] | undefined): Told {
    const known = typeof idempotencyKey === 'string' ? this.#creates.get(idempotencyKey) : undefined;
    if (known !== undefined && this.#options.remembersCreates !== false) return known;
    const key = this.#keyOf(sent);
    if (this.rows.has(key)) return { status: 409, body: { code: 'exists' } };
    if (!this.#isValid(sent)) return { status: 422, body: { code: 'bad_value' } };
    this.put(sent);
    const id = typeof idempotencyKey === 'string' ? idempotencyKey : null;
    this.#options.onEffect?.({ by, kind: 'create', key, idempotencyKey: id, before: {}, after: sent });
    const told = this.#made(key);
    if (id !== null) this.#creates.set(id, told);
    return told;
  }

  #made(key: RecordKey): Told {
    return { status: 201, ...this.#shown(this.rows.get(key) as Row) };
  }

  #changes(query: URLSearchParams): Told {
    const since = Number(query.get('cursor') ?? 0);
    const limit = Number(query.get('limit') ?? 100);
    if (!(since <= this.#version)) return { status: 410 };
    const changed = [
      ...[...this.rows].map(([key, { version }]) => ({ key, version })),
      ...[...this.#gone].map(([key, version]) => ({ key, version })),
    ]
      .filter(({ version }) => version > since)
      .sort((a, b) => a.version - b.version);
    const page = changed.slice(0, limit);
    const rows = page.map(({ key }) => this.rows.get(key)).filter((row) => row !== undefined);
    return {
      status: 200,
      body: {
        records: rows.map((row) => this.#shown(row).body),
        deleted: page.filter(({ key }) => !this.rows.has(key)).map(({ key }) => key),
        cursor: String(page.at(-1)?.version ?? this.#version),
        more: changed.length > page.length,
      },
    };
  }

  get #compares(): boolean {
    return this.#options.compares !== false;
  }

  #shown({ fields, version }: Row): {
    readonly body: ApiFields;
    readonly headers: { readonly [name: string]: string };
  } {
    if (!this.#compares) return { body: fields, headers: {} };
    return { body: { ...fields, _version: String(version) }, headers: { etag: `"${version}"` } };
  }

  #isValid(sent: ApiFields): boolean {
    return (this.#options.numeric ?? []).every((name) => sent[name] === undefined || !Number.isNaN(Number(sent[name])));
  }

  #keyOf(fields: ApiFields): RecordKey {
    const text = (value: Json | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value));
    return keyOf(this.#options.key.map((name) => text(fields[name])));
  }

  #blank(): ApiFields {
    return Object.fromEntries(this.#options.fields.map((name) => [name, null]));
  }
}

function tell(response: ServerResponse, { status, body, headers }: Told): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
