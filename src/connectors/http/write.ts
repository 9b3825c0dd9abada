import { ParleyError } from '../../core/errors.js';
import { sameJson } from '../../core/json.js';
import type { NativeRecord, NativeWrite, WriteOutcome } from '../../engine/connector.js';
import { ask, type Answer, refusalOf, unreachable, WayFailed } from './client.js';
import { writeExact } from './exact-json.js';
import { type Place, recordAddress } from './place.js';
import { fetchRecord, foundIn, several } from './records.js';

const nothingWritten = 'Nothing of the batch was written.';
/** Answers in a row that say nothing, after which the rest of a batch is left alone. */
const silenceMax = 3;
const versionTries = 3;

/** What one write came to; `untouched`: it is certain that nothing happened, and why. */
type Written = WriteOutcome | { readonly kind: 'untouched'; readonly why: ParleyError };

/**
 * Writes record by record, a few at once: a JSON API has no transaction over many. With a version each change goes
 * under `If-Match` (W3); without one the record is read right before it is changed (W1). Any answer that leaves a
 * doubt is `unknown`, which costs a look; a write is sent again only when it is certain that it was not executed.
 * @throws ParleyError when it is certain that nothing of the batch was written
 */
export async function writeBatch(
  place: Place,
  writes: readonly NativeWrite[],
  numbers: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<readonly WriteOutcome[]> {
  let silence = 0;
  let refusal: ParleyError | undefined;
  const results = await several(writes, async (write): Promise<Written> => {
    if (refusal !== undefined) return { kind: 'untouched', why: refusal };
    if (signal?.aborted === true || silence >= silenceMax) return { kind: 'unknown' };
    const written = await writeOne(place, write, numbers, signal);
    silence = written.kind === 'unknown' ? silence + 1 : 0;
    if (written.kind === 'untouched') refusal = written.why;
    return written;
  });
  const isUntouched = results.every(({ kind }) => kind === 'untouched');
  if (isUntouched && refusal !== undefined) throw refusal;
  return results.map((result) => (result.kind === 'untouched' ? { kind: 'unknown' } : result));
}

async function writeOne(
  place: Place,
  write: NativeWrite,
  numbers: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Written> {
  try {
    if (write.kind === 'create') return await create(place, write, numbers, signal);
    return await change(place, write, numbers, signal);
  } catch (error) {
    if (error instanceof WayFailed) {
      if (error.effect === 'unknown') return { kind: 'unknown' };
      return { kind: 'untouched', why: unreachable(place, error, nothingWritten) };
    }
    // Looks before a write, and errors of ours about its key: nothing was sent. Looks after one are caught there.
    if (error instanceof ParleyError && error.code === 'connector.bad_key')
      return { kind: 'refused', code: 'http.bad_key', message: error.message };
    if (error instanceof ParleyError) return { kind: 'untouched', why: error };
    if (signal?.aborted === true) return { kind: 'unknown' };
    throw error;
  }
}

async function create(
  place: Place,
  write: NativeWrite,
  numbers: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Written> {
  // An address that could not name the record later must not be made.
  recordAddress(place, write.key);
  const answer = await ask(place, {
    method: 'POST',
    address: place.address,
    headers: { 'idempotency-key': write.idempotencyKey },
    body: writeExact(write.fields, numbers),
    signal,
  });
  if (isDone(answer)) return accepted(place, write, answer);
  if (answer.status !== 409) return unwelcome(place, answer);
  const present = await look(place, write);
  if (present === 'unknown') return { kind: 'unknown' };
  return present === null ? refused(answer) : { kind: 'stale', record: present };
}

/** An update or a delete, under the version at which the expected values stand. */
async function change(
  place: Place,
  write: NativeWrite,
  numbers: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Written> {
  let version = place.version === null ? null : write.token;
  for (let tries = 0; tries < versionTries; tries += 1) {
    const lookedAtMs = performance.now();
    if (version === null) {
      const present = await fetchRecord(place, write.key, signal);
      if (present === null || !holds(present.record, write)) return { kind: 'stale', record: present?.record ?? null };
      version = present.record.token;
    }
    const answer = await ask(place, {
      method: write.kind === 'delete' ? 'DELETE' : 'PATCH',
      address: recordAddress(place, write.key),
      headers: version === null ? {} : { 'if-match': `"${version}"` },
      ...(write.kind === 'delete' ? {} : { body: writeExact(write.fields, numbers) }),
      signal,
    });
    if (isDone(answer)) {
      const exposedMs = Math.ceil(performance.now() - lookedAtMs);
      const written = await accepted(place, write, answer);
      return written.kind === 'accepted' && version === null ? { ...written, exposedMs } : written;
    }
    if (answer.status === 404) return { kind: 'stale', record: null };
    if (answer.status !== 412 && answer.status !== 409) return unwelcome(place, answer);
    // Another version. Perhaps only of fields that this write does not touch: they are looked at, and it is tried again.
    version = null;
  }
  const present = await look(place, write);
  return present === 'unknown' ? { kind: 'unknown' } : { kind: 'stale', record: present };
}

const isDone = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** The image is what the API answers with; when that is not the record, it is read. */
async function accepted(place: Place, write: NativeWrite, { body }: Answer): Promise<WriteOutcome> {
  if (write.kind === 'delete') return { kind: 'accepted', record: null };
  const shown = foundIn(place, body);
  if (shown !== null && shown.record.key === write.key) return { kind: 'accepted', record: shown.record };
  const present = await look(place, write);
  // Without the image nobody can tell what was made of it; the look that `unknown` leads to will.
  return present === 'unknown' || present === null ? { kind: 'unknown' } : { kind: 'accepted', record: present };
}

async function look(place: Place, { key }: NativeWrite): Promise<NativeRecord | null | 'unknown'> {
  try {
    return (await fetchRecord(place, key))?.record ?? null;
  } catch {
    return 'unknown';
  }
}

function unwelcome(place: Place, answer: Answer): Written {
  const { status } = answer;
  // A server may fail after it has done what it was asked for.
  if (status >= 500 || status === 408) return { kind: 'unknown' };
  if ([400, 409, 413, 422].includes(status)) return refused(answer);
  return { kind: 'untouched', why: refusalOf(place, answer, nothingWritten) };
}

/** Of the answer only its code is told: its sentences may hold values of the record. */
function refused({ status, body }: Answer): WriteOutcome {
  const said = body !== null && typeof body === 'object' && 'code' in body ? body.code : undefined;
  const code = typeof said === 'string' && /^[A-Za-z][\w.-]{0,47}$/.test(said) ? ` (${said})` : '';
  return { kind: 'refused', code: `http.${status}`, message: `The API answers ${status}${code}.` };
}

function holds(present: NativeRecord, { expect }: NativeWrite): boolean {
  return Object.entries(expect).every(([name, value]) => sameJson(present.fields[name] ?? null, value));
}
