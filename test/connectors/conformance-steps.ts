import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { type RecordKey, recordKey } from '../../src/core/ids.js';
import type {
  Connector,
  ConnectorSettings,
  NativeFields,
  NativeRecord,
  NativeWrite,
  ReadPage,
  WriteOutcome,
} from '../../src/engine/connector.js';

/**
 * How the conformance suite reaches one kind of system. Every test opens an empty object of its own with the key
 * fields asked for and the fields `name` (text), `amount` (exact decimal), `seen_at` (time with microseconds) and
 * `note` (text).
 */
export type ConformanceHarness = {
  open(key: readonly string[]): Promise<ConformanceWorld>;
  /** Fields of an update that the system will not have; null when it takes everything. */
  readonly refused: NativeFields | null;
  /** Whether an empty field and an empty text are two things in the system. */
  readonly storesNull: boolean;
  /** How many writes a large batch has; 2,000 unless the system takes them one by one. */
  readonly largeBatch?: number;
};

/** One object as another user of the system sees it. */
export type ConformanceWorld = {
  /** A connector on the object, as after a restart: nothing is shared with an earlier one but the work folder. */
  make(overrides?: Partial<ConnectorSettings>): Promise<Connector>;
  seed(rows: readonly NativeFields[]): Promise<void>;
  edit(key: RecordKey, fields: NativeFields): Promise<void>;
  remove(key: RecordKey): Promise<void>;
  /** The whole row, read past the connector; null when there is none. */
  rowOf(key: RecordKey): Promise<NativeFields | null>;
  close(): Promise<void>;
};

/** Passes that a feed may take until it has nothing left to repeat, or until it is sure of a delete. */
const passesMax = 100;
const betweenPassesMs = 50;

export const row = (id: string): NativeFields & { readonly id: string } => ({ id, ...body(id) });
export const rows = (count: number): readonly ReturnType<typeof row>[] =>
  Array.from({ length: count }, (_, index) => row(String(index).padStart(5, '0')));
export const rowOfParts = (region: string, code: string): NativeFields => ({ region, code, ...body(code) });
export const nameOf = (id: string): NativeFields => ({ name: `name of ${id}` });

const body = (id: string): NativeFields => ({
  ...nameOf(id),
  amount: '1.50',
  seen_at: '2026-01-02 03:04:05.000006+00',
  note: 'not ours',
});

/** Creates a record without the field `note`, which no test writes. */
export function create(id: string): NativeWrite {
  const { note: _, ...fields } = row(id);
  return { kind: 'create', key: recordKey(id), fields, expect: {}, token: null, idempotencyKey: randomUUID() };
}

export function update(key: RecordKey, fields: NativeFields, expected: NativeFields): NativeWrite {
  return { kind: 'update', key, fields, expect: expected, token: null, idempotencyKey: randomUUID() };
}

export function remove(key: RecordKey, expected: NativeFields): NativeWrite {
  return { kind: 'delete', key, fields: {}, expect: expected, token: null, idempotencyKey: randomUUID() };
}

export type Pass = {
  readonly records: readonly NativeRecord[];
  readonly deleted: readonly RecordKey[];
  readonly last: ReadPage;
};

/** Reads pages until the pass is complete. */
export async function pass(connector: Connector, from: string | null, limit = 1000): Promise<Pass> {
  const records: NativeRecord[] = [];
  const deleted: RecordKey[] = [];
  for (let cursor = from; ; ) {
    const page = await connector.read({ cursor, limit });
    records.push(...page.records);
    deleted.push(...page.deleted);
    if (!page.more) return { records, deleted, last: page };
    ({ cursor } = page);
  }
}

/**
 * Passes until one is empty: a feed may repeat what it has shown while some other work on the same server is under
 * way. A repeated record must carry the token it had, or it would be taken for a change.
 */
export async function untilQuiet(
  connector: Connector,
  from: string,
): Promise<{ readonly cursor: string; readonly records: readonly NativeRecord[] }> {
  const tokens = new Map<string, string | null>();
  for (let left = passesMax, cursor = from; ; left -= 1) {
    const { records, last } = await pass(connector, cursor);
    ({ cursor } = last);
    if (records.length === 0 || left === 0) return { cursor, records };
    for (const { key, token } of records) {
      expect([key, tokens.get(key) ?? token]).toEqual([key, token]);
      tokens.set(key, token);
    }
    await pause();
  }
}

/** Keys that went missing: reported by the feed, in this pass or a later one, or no longer listed. */
export async function goneSince(connector: Connector, { deleted, last }: Pass): Promise<readonly RecordKey[]> {
  if ((await connector.describe()).deletes === 'listing') {
    const listed = new Set(await allKeys(connector, 100));
    return rows(15)
      .map(({ id }) => recordKey(id))
      .filter((key) => !listed.has(key));
  }
  const found = [...deleted];
  let { cursor } = last;
  for (let left = passesMax; left > 0 && found.length === 0; left -= 1) {
    await pause();
    const later = await pass(connector, cursor);
    found.push(...later.deleted);
    ({ cursor } = later.last);
  }
  return found;
}

/** What the system holds after an accepted write. */
export function imageOf(outcome: WriteOutcome): NativeRecord | null {
  if (outcome.kind !== 'accepted') throw new Error(`the write was ${outcome.kind}`);
  return outcome.record;
}

export async function allKeys(connector: Connector, limit: number): Promise<readonly RecordKey[]> {
  const keys: RecordKey[] = [];
  for (let after: RecordKey | null = null; ; after = keys.at(-1) ?? null) {
    const page = await connector.listKeys({ after, limit });
    expect(page.keys.length).toBeLessThanOrEqual(limit);
    keys.push(...page.keys);
    if (!page.more) return keys;
  }
}

export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const pause = (): Promise<void> => wait(betweenPassesMs);
