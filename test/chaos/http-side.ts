import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiEffect } from '../connectors/json-api.js';
import type { HttpSideOrder, HttpSideWord } from './http-side-child.js';
import type { ChaosSide, Effect, Row } from './sides.js';

export type HttpSide = ChaosSide & {
  /** The share of Parley's requests that a fault strikes. @returns how often each has struck so far */
  setFaults(rate: number): Promise<{ readonly [fault: string]: number }>;
  /** The process that serves it now; undefined while there is none. */
  pid(): number | undefined;
};

type HttpSideWish = {
  readonly folder: string;
  readonly pairs: readonly string[];
  readonly records: number;
  readonly seed: number;
};

type Fields = { readonly [name: string]: string | null };

export async function openHttpSide(wish: HttpSideWish): Promise<HttpSide> {
  const effects = join(wish.folder, 'effects-c.jsonl');
  appendFileSync(effects, '');
  const served = await serve(wish, effects);
  const urlOf = (pair: string): string => served.urls[wish.pairs.indexOf(pair)] ?? '';
  const ask = askAt(urlOf);
  return {
    name: 'c',
    url: urlOf,
    async rows(pair) {
      const { records } = (await ask(pair, 'GET', '?limit=1000000')) as { records: readonly Fields[] };
      return records.map(rowOf).sort((left, right) => (left.key < right.key ? -1 : 1));
    },
    async edit(pair, { key, unit, value }) {
      const saved = (await ask(pair, 'PATCH', `/${key}`, { [unit]: value })) as { replaced: Fields } | null;
      return saved === null ? null : (saved.replaced[unit] ?? '');
    },
    async create(pair, { key, ...values }) {
      return (await ask(pair, 'POST', '', { id: key, ...values })) !== null;
    },
    async remove(pair, key) {
      return (await ask(pair, 'DELETE', `/${key}`)) !== null;
    },
    async effects() {
      const lines = (await readFile(effects, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map(
        (line) => ({ ...(JSON.parse(line) as ApiEffect & { pair: string; atMs: number }), side: 'c' }) as Effect,
      );
    },
    setFaults: (rate) => served.setFaults(rate),
    pid: () => served.pid(),
    close: () => served.close(),
  };
}

const rowOf = ({ id, name, phone, address }: Fields): Row => ({
  key: id ?? '',
  name: name ?? '',
  phone: phone ?? '',
  address: address ?? '',
});

/** Runs the process, and again on the same ports and over its journal whenever it has died. */
async function serve({ pairs, records, seed }: HttpSideWish, effects: string) {
  const program = fileURLToPath(new URL('./http-side-child.ts', import.meta.url));
  const counts: { [fault: string]: number } = {};
  let ports: readonly number[] = [];
  let rate = 0;
  let lives = 0;
  let isClosing = false;
  let child: ChildProcess | undefined;

  async function start(): Promise<readonly string[]> {
    lives += 1;
    const begun = fork(program, { execArgv: ['--import', 'tsx'] });
    child = begun;
    begun.on('message', (word: HttpSideWord) => {
      if (word.kind === 'faulted') counts[word.fault] = (counts[word.fault] ?? 0) + 1;
    });
    begun.on('error', () => undefined);
    begun.once('exit', () => {
      if (child === begun) child = undefined;
      if (!isClosing) void start();
    });
    const opened = await heard(begun, { kind: 'open', pairs, ports, records, effects, seed: seed + lives, rate });
    return opened?.kind === 'opened' ? opened.urls : [];
  }

  const urls = await start();
  if (urls.length === 0) throw new Error('the HTTP side ended while it was started');
  ports = urls.map((url) => Number(new URL(url).port));
  return {
    urls,
    pid: () => child?.pid,
    async setFaults(next: number) {
      rate = next;
      if (child !== undefined) await heard(child, { kind: 'faults', rate });
      return { ...counts };
    },
    async close() {
      isClosing = true;
      const last = child;
      if (last === undefined || last.exitCode !== null || last.signalCode !== null) return;
      const gone = once(last, 'exit');
      last.kill('SIGTERM');
      await gone;
    },
  };
}

/** What the process answers; null when it died instead. */
async function heard(child: ChildProcess, order: HttpSideOrder): Promise<HttpSideWord | null> {
  return new Promise((answer) => {
    const take = (word: HttpSideWord): void => {
      if (word.kind === 'faulted') return;
      child.off('message', take);
      answer(word);
    };
    child.on('message', take);
    child.once('exit', () => answer(null));
    child.send(order, () => undefined);
  });
}

/** People's own requests, which no fault strikes. Null when there is no such record, or there is one already. */
function askAt(urlOf: (pair: string) => string) {
  return async (pair: string, method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${urlOf(pair)}/accounts${path}`, {
      method,
      headers: { authorization: 'Bearer token-of-people' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status === 404 || answer.status === 409) return null;
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
    return answer.status === 204 ? {} : answer.json();
  };
}
