import { existsSync, writeFileSync } from 'node:fs';

/** The clock of one process, which can be put forward and back while it runs. */
export type Clock = {
  /** Why it cannot; null when it can. */
  readonly missing: string | null;
  /** What the process has to be started with. */
  readonly variables: { readonly [name: string]: string };
  step(seconds: number): void;
};

/** Where Debian's package has it. */
const libraries = ['x86_64', 'aarch64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`);

export function openClock(file: string): Clock {
  const library = libraries.find((path) => existsSync(path));
  if (library === undefined) {
    const missing = 'libfaketime is not installed (apt-get install libfaketime)';
    return { missing, variables: {}, step: () => undefined };
  }
  const step = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
  step(0);
  return {
    missing: null,
    // The wall clock alone is stepped, as an administrator or a time server would; waits run on the other one.
    variables: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    step,
  };
}
