/** A broken promise: which invariant (SPEC), and what happened, in a sentence. */
export type Violation = { readonly invariant: string; readonly what: string };
