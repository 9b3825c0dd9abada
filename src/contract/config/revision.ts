import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../core/json.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The revision of a pair: SHA-256, in hex, of what its file means and of what it says. Every decision names it.
 * Law: the same file gives the same revision on every machine, also when line endings were converted on check-out.
 */
export function revisionOf(meaning: unknown, text: string): string {
  return sha256(canonicalJson({ meaning: meaning as Json, text: sha256(text.replaceAll('\r\n', '\n')) }));
}

/** The part of a revision that people see. */
export const shortRevision = (revision: string): string => revision.slice(0, 12);
