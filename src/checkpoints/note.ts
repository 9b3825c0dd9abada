import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { ParleyError } from '../core/errors.js';
import { pairId } from '../core/ids.js';
import type { Checkpoint, KeptCheckpoint } from '../core/ledger/checkpoint.js';

/**
 * Checkpoints as signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): five lines of text, an empty one, and a
 * signature with Ed25519. Witnesses and verifiers of transparency logs read them without knowing us.
 */
const keyName = 'parley';
const originStart = 'parley/';
const ed25519 = 1;
/** What stands before the 32 bytes of a public key in its SubjectPublicKeyInfo (RFC 8410). */
const publicKeyHead = Buffer.from('302a300506032b6570032100', 'hex');

/** A key that verifies, with the id that a signature names it by. */
export type Verifier = { readonly id: string; readonly text: string; readonly key: KeyObject };
/** A key that signs, with the one that verifies what it signed. */
export type Signer = { readonly key: KeyObject; readonly verifier: Verifier };

/** A new private key: base64 of PKCS #8, as `openssl genpkey -algorithm ed25519 -outform DER | base64` writes it. */
export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** @throws ParleyError `config.invalid` that does not repeat the text. */
export function signerOf(text: string): Signer {
  try {
    const key = createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') return { key, verifier: verifierOfKey(createPublicKey(key)) };
  } catch {
    // Falls through: whatever is wrong with it, the text must not be repeated.
  }
  throw new ParleyError('config.invalid', 'PARLEY_CHECKPOINT_KEY is not an Ed25519 key. Nothing was started.', {
    hint: 'Make one: openssl genpkey -algorithm ed25519 -outform DER | base64 -w0',
  });
}

/** A verifier key as notes write it: `parley+1a2b3c4d+<base64>`. @throws ParleyError `config.invalid` */
export function verifierOf(text: string): Verifier {
  const [name, id, encoded] = text.split(/\+(.{8})\+/s);
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (name === keyName && bytes.length === 33 && bytes[0] === ed25519) {
    const der = Buffer.concat([publicKeyHead, bytes.subarray(1)]);
    const found = verifierOfKey(createPublicKey({ key: der, format: 'der', type: 'spki' }));
    if (found.id === id) return found;
  }
  throw new ParleyError('config.invalid', `"${text}" is not the public key of checkpoints. Nothing was done.`, {
    hint: 'It looks like parley+1a2b3c4d+AbCd…; "parley ledger verify" shows the one that is used.',
  });
}

function verifierOfKey(key: KeyObject): Verifier {
  const raw = key.export({ format: 'der', type: 'spki' }).subarray(publicKeyHead.length);
  const typed = Buffer.concat([Buffer.of(ed25519), raw]);
  const id = createHash('sha256').update(`${keyName}\n`).update(typed).digest().subarray(0, 4);
  return { id: id.toString('hex'), text: `${keyName}+${id.toString('hex')}+${typed.toString('base64')}`, key };
}

export function signCheckpoint(checkpoint: Checkpoint, { key, verifier }: Signer): string {
  const text = bodyOf(checkpoint);
  const signature = Buffer.concat([Buffer.from(verifier.id, 'hex'), sign(null, Buffer.from(text), key)]);
  return `${text}\n— ${keyName} ${signature.toString('base64')}\n`;
}

function bodyOf({ pair, size, root, peaks, atMs }: Checkpoint): string {
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
  const time = new Date(atMs).toISOString();
  return `${originStart}${pair}\n${size}\n${base64(root)}\ntime ${time}\npeaks ${peaks.map(base64).join(' ')}\n`;
}

/** What a note says, and whether one of the verifiers vouches for it. Null for a text that is no checkpoint of ours. */
export function openNote(note: string, verifiers: readonly Verifier[]): KeptCheckpoint | null {
  const end = note.indexOf('\n\n');
  const body = note.slice(0, end + 1);
  const checkpoint = end < 0 ? null : parseBody(body);
  if (checkpoint === null) return null;
  const signatures = [...note.slice(end + 2).matchAll(/^— (\S+) (\S+)$/gm)].map(([, , text]) =>
    Buffer.from(text as string, 'base64'),
  );
  const judged = signatures.map((signature) => {
    const verifier = verifiers.find(({ id }) => id === signature.subarray(0, 4).toString('hex'));
    if (verifier === undefined) return 'unknown_key';
    return verify(null, Buffer.from(body), verifier.key, signature.subarray(4)) ? 'good' : 'bad';
  });
  // One bad signature spoils the note; witnesses' own do not.
  const signature = judged.includes('bad') ? 'bad' : judged.includes('good') ? 'good' : 'unknown_key';
  return { checkpoint, signature, note };
}

function parseBody(body: string): Checkpoint | null {
  const [origin = '', size = '', root = '', time = '', peaks = ''] = body.split('\n');
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
  const pair = origin.slice(originStart.length);
  if (!origin.startsWith(originStart) || !/^\d{1,15}$/.test(size) || !/^[a-z][a-z0-9_-]{0,62}$/.test(pair)) return null;
  if (!time.startsWith('time ') || !peaks.startsWith('peaks ')) return null;
  const atMs = Date.parse(time.slice('time '.length));
  const hashes = peaks.slice('peaks '.length).split(' ').map(hex);
  return { pair: pairId(pair), size: Number(size), root: hex(root), atMs, peaks: hashes };
}
