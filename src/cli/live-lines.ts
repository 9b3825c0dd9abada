import type { TextStream } from './terminal.js';

/** Lines that are painted over each other, on a screen only: elsewhere nothing is shown. */
export type LiveLines = { show(lines: readonly string[]): void; clear(): void };

export function liveLines(stream: TextStream, isShown: boolean): LiveLines {
  let painted = 0;
  const clear = (): void => {
    if (painted > 0) stream.write(`\u001b[${painted}A\u001b[0J`);
    painted = 0;
  };
  if (!isShown) return { show: () => undefined, clear: () => undefined };
  return {
    show(lines) {
      clear();
      stream.write(lines.map((line) => `${line}\n`).join(''));
      painted = lines.length;
    },
    clear,
  };
}
