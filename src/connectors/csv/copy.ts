import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../core/errors.js';
import { type Place, realPathOf } from './place.js';
import { asRefusal, systemCode } from './system-errors.js';

/** A private copy of a file at one moment. */
export type Copy = {
  readonly digest: string;
  readonly stamp: Stamp;
  readonly bytes: number;
};

/** What the file system says about a file without reading it. Two equal stamps mean no change, if `isSettled`. */
export type Stamp = {
  readonly text: string;
  /** When it last changed and when it was looked at, in epoch milliseconds of this machine. */
  readonly changedAtMs: number;
  readonly seenAtMs: number;
};

/** File times tick coarsely (2 s on some systems): a change in the tick of the look would show the same stamp. */
const tickMs = 2_000;
const attemptsMax = 8;
const attemptPauseMs = 40;
const settlePauseMs = 250;
const chunkBytes = 1024 * 1024;

export function isSettled(stamp: Stamp): boolean {
  return stamp.seenAtMs - stamp.changedAtMs > tickMs;
}

export async function stampAt(path: string): Promise<Stamp> {
  return stampOf(await stat(path, { bigint: true }));
}

export function stampOf(stats: BigIntStats): Stamp {
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = stats;
  const changedAtMs = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(':'), changedAtMs, seenAtMs: Date.now() };
}

export type CopyRequest = {
  readonly place: Place;
  /** Where the copy goes. */
  readonly into: string;
  /** A file whose last row has no line ending is waited for, unless it is known to end so. */
  readonly mayEndOpen: boolean;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Copies the file at a moment when nobody writes it: the stamps before and after agree. A file that ends in the
 * middle of a row and is younger than two seconds is taken for half-written and waited for.
 * @throws ParleyError `connector.source_unstable` (retryable) when it does not hold still for about two seconds.
 */
export async function takeCopy({ place, into, mayEndOpen, signal }: CopyRequest): Promise<Copy> {
  let changes = 0;
  let absences = 0;
  let waits = 0;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const taken = await copyOnce(await realPathOf(place), into);
      const isYoung = taken !== null && taken.stamp.seenAtMs - taken.stamp.changedAtMs < tickMs;
      const isHalf = taken !== null && isYoung && (taken.bytes === 0 || (!taken.endsLine && !mayEndOpen));
      if (taken !== null && !(isHalf && waits * settlePauseMs < tickMs)) return taken;
      if (isHalf) waits += 1;
      else changes += 1;
      await sleep(isHalf ? settlePauseMs : attemptPauseMs * changes, undefined, { signal });
    } catch (error) {
      await rm(into, { force: true });
      // Many programs save by removing the file and putting a new one in its place.
      const refusal = asRefusal(error, place.object, 'read');
      const isAbsent = refusal instanceof ParleyError && refusal.code === 'connector.object_not_found';
      if (!isAbsent || absences === attemptsMax) throw refusal;
      absences += 1;
      await sleep(attemptPauseMs, undefined, { signal });
    }
    if (changes === attemptsMax) {
      await rm(into, { force: true });
      throw new ParleyError('connector.source_unstable', `${place.object} is being written by another program.`, {
        hint: 'Nothing was read from it; it is looked at again.',
      });
    }
  }
}

async function copyOnce(path: string, into: string): Promise<(Copy & { readonly endsLine: boolean }) | null> {
  const from = await open(path, 'r');
  try {
    const before = stampOf(await from.stat({ bigint: true }));
    const to = await open(into, 'w', 0o600);
    try {
      const hash = createHash('sha256');
      const chunk = Buffer.allocUnsafe(chunkBytes);
      let bytes = 0;
      let tail = Buffer.alloc(0);
      for (;;) {
        const { bytesRead } = await from.read(chunk, 0, chunkBytes, bytes);
        if (bytesRead === 0) break;
        const part = chunk.subarray(0, bytesRead);
        hash.update(part);
        await to.writeFile(part);
        bytes += bytesRead;
        tail = Buffer.from(part.subarray(-2));
      }
      const after = await stampAt(path).catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return null;
        throw error;
      });
      if (after === null || after.text !== before.text) return null;
      return { digest: hash.digest('hex'), stamp: before, bytes, endsLine: endsLine(tail) };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** In UTF-16 the zero byte of the line ending may come last. */
function endsLine(tail: Buffer): boolean {
  const isEnd = (byte: number | undefined): boolean => byte === 0x0a || byte === 0x0d;
  const last = tail.at(-1);
  return isEnd(last) || (last === 0 && isEnd(tail.at(-2)));
}
