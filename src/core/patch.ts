// The default import is deliberate: the package is CommonJS and its named exports fail in plain Node.
import jsonpatch from 'fast-json-patch';
import type { Json } from './json.js';

/** RFC 6902 operations, limited to the three that `patchBetween` makes. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };
export type Patch = readonly PatchOperation[];

/** The patch that turns `before` into `after`. Law: `applyPatch(before, patchBetween(before, after))` equals `after`. */
export function patchBetween(before: Json, after: Json): Patch {
  return jsonpatch.compare(before as object, after as object) as unknown as Patch;
}

/** Applies a patch to a copy. @throws Error when the patch does not fit the document: that is a bug or tampering. */
export function applyPatch(document: Json, patch: Patch): Json {
  if (patch.length === 0) return document;
  return jsonpatch.applyPatch(document, patch as never, true, false, true).newDocument;
}
