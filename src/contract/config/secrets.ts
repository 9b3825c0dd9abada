import type { Problem, Report } from './problems.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

/** Forms that credentials of well-known systems have. */
const knownForms: readonly RegExp[] = [
  /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}/g,
  /\bsk-[A-Za-z0-9_-]{20,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{8,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g,
  /\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}/g,
  /\bpat-(?:na|eu)\d-[A-Za-z0-9-]{16,}/g,
  /\bwhsec_[A-Za-z0-9+/=]{16,}/g,
  /\bnpm_[A-Za-z0-9]{20,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
];
/** The password of `scheme://user:password@host`; up to the last @ before a space or a slash, as URLs are read. */
const urlPassword = /\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/'"]*:([^\s/'"]+)@/gi;
/** `postgres://host/db?password=...` */
const queryPassword = /[?&](?:password|passwd|pwd|secret|token|api_?key|access_token)=([^\s&'"]+)/gi;
const secretKey =
  /(?:^|[_-])(?:password|passwd|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|credentials?)$/i;

const secretHint =
  'write env:NAME instead and set that variable where Parley runs; then change the secret: it was stored here';

type Found = { readonly start: number; readonly text: string; readonly what: string };

/** A text that must not be shown again: not in a message, not in a line of the file. */
export type Secrets = readonly string[];

/**
 * Reports every secret that stands in the file as it is, comments included: a file in git is read by many. In
 * connections.yaml also values of keys such as `password`, and words that look random.
 */
export function findSecrets(source: YamlSource, report: Report, kind: 'pair' | 'connections'): Secrets {
  const { text } = source;
  const found: Found[] = [];
  for (const match of text.matchAll(urlPassword)) addGroup(found, match, 'the password of an address');
  for (const match of text.matchAll(queryPassword)) addGroup(found, match, 'a password in an address');
  for (const form of knownForms) {
    for (const match of text.matchAll(form)) found.push({ start: match.index, text: match[0], what: 'a credential' });
  }
  if (kind === 'connections') found.push(...randomWords(text));
  const kept = withoutOverlaps(found);
  for (const secret of kept) {
    const range = source.offsetRange(secret.start, secret.start + secret.text.length);
    report('config.secret_in_file', range, `${secret.what} stands in the file`, { hint: secretHint });
  }
  const secrets = kept.map((secret) => secret.text);
  if (kind === 'connections') reportNamed(source, report, source.value, [], secrets);
  return secrets;
}

function addGroup(found: Found[], match: RegExpMatchArray, what: string): void {
  const secret = match[1] ?? '';
  // A reference or a placeholder gives nothing away.
  if (/^(?:\$\{?\w+\}?|<\w+>|\*+|\{\w+\})$/.test(secret)) return;
  found.push({ start: (match.index ?? 0) + match[0].lastIndexOf(secret), text: secret, what });
}

/** Reports literal values of keys that are named like secrets. */
function reportNamed(source: YamlSource, report: Report, value: unknown, path: YamlPath, secrets: string[]): void {
  if (value === null || typeof value !== 'object') return;
  for (const [key, member] of Object.entries(value)) {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    const literal = typeof member === 'string' || typeof member === 'number' ? String(member) : '';
    if (literal !== '' && secretKey.test(key) && !/^(?:env:|\$)/i.test(literal)) {
      report('config.secret_in_file', source.valueRange(place), 'a secret stands in the file', { hint: secretHint });
      secrets.push(literal);
    } else {
      reportNamed(source, report, member, place, secrets);
    }
  }
}

const randomLengthMin = 24;
const randomBitsMin = 4;

/** Long words of mixed letters and digits that no person would choose. Paths are judged by their parts. */
function randomWords(text: string): readonly Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(/[A-Za-z0-9+=_-]{24,}/g)) {
    const word = match[0];
    const mixed =
      /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word) && bitsPerCharacter(word) >= randomBitsMin;
    const hexadecimal =
      /^[0-9a-f]{32,}$/i.test(word) && /\d/.test(word) && /[a-f]/i.test(word) && bitsPerCharacter(word) >= 3;
    if (word.length >= randomLengthMin && (mixed || hexadecimal)) {
      found.push({ start: match.index, text: word, what: 'what looks like a key' });
    }
  }
  return found;
}

/** Shannon entropy of a word's own characters. */
function bitsPerCharacter(word: string): number {
  const counts = new Map<string, number>();
  for (const character of word) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits;
}

function withoutOverlaps(found: readonly Found[]): readonly Found[] {
  const kept: Found[] = [];
  for (const next of [...found].sort((a, b) => a.start - b.start || b.text.length - a.text.length)) {
    const last = kept.at(-1);
    if (last === undefined || next.start >= last.start + last.text.length) kept.push(next);
  }
  return kept;
}

const mask = '*****';
/** Shorter ones would blot out ordinary words, and no message repeats the value of a secret's own key. */
const redactedLengthMin = 4;

/** The same problems, with every secret replaced in their words. */
export function redacted(problems: readonly Problem[], secrets: Secrets): readonly Problem[] {
  if (secrets.length === 0) return problems;
  const clean = (text: string): string =>
    secrets.reduce((rest, secret) => (secret.length < redactedLengthMin ? rest : rest.replaceAll(secret, mask)), text);
  return problems.map(({ hint, ...problem }) => ({
    ...problem,
    message: clean(problem.message),
    ...(hint === undefined ? {} : { hint: clean(hint) }),
  }));
}
