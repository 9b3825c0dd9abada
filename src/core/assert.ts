/** Stops at a bug of ours: a state that the code above has excluded. Never used for what the world does. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Makes a switch over a closed set total: a new member does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unhandled case ${JSON.stringify(value)}`);
}
