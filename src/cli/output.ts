import type { ExitCode } from './exit-codes.js';
import type { CommandName } from './json-schemas.js';
import { type LiveLines, liveLines } from './live-lines.js';
import type { Style } from './render/style.js';
import type { Terminal } from './terminal.js';

/** Something that went wrong, as `--json` says it. Problems of files have a place. */
export type ReportedProblem = {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly endColumn?: number;
};

/** What a command came to: the same as data for programs and as text for people. */
export type Outcome = {
  /** 0 when not given. */
  readonly exit?: ExitCode;
  readonly data: unknown;
  readonly text: string;
  readonly problems?: readonly ReportedProblem[];
  /** The next step, for people. */
  readonly next?: string;
};

export type Output = {
  readonly style: Style;
  readonly json: boolean;
  /** Somebody can be asked: there is a terminal on both ends. */
  readonly interactive: boolean;
  /** Data of a command that prints while it works. */
  data(text: string): void;
  /** Hints and warnings. Silent with `--quiet`. */
  note(text: string): void;
  /** One event of a long command: a JSON line for programs, nothing for people. */
  event(command: CommandName, event: string, data: object): void;
  /** Progress, repainted in place. */
  readonly live: LiveLines;
};

export function outputOn(
  terminal: Terminal,
  style: Style,
  wish: { readonly json: boolean; readonly quiet: boolean },
): Output {
  const { stdout, stderr, stdin } = terminal;
  return {
    style,
    json: wish.json,
    interactive: stdin.isTTY === true && stderr.isTTY === true && !wish.json,
    data: (text) => void stdout.write(`${text}\n`),
    note(text) {
      if (!wish.quiet) stderr.write(`${text}\n`);
    },
    event(command, event, data) {
      if (wish.json) stdout.write(`${JSON.stringify({ schema: `parley.${command}/1`, event, ...data })}\n`);
    },
    live: liveLines(stderr, stderr.isTTY === true && !wish.quiet && !wish.json),
  };
}

/** Prints what a command came to. With `--json` that is one object, last and in one line. */
export function report(output: Output, command: CommandName, outcome: Outcome): ExitCode {
  const exit = outcome.exit ?? 0;
  output.live.clear();
  if (output.json) {
    const problems = outcome.problems ?? [];
    const ok = exit === 0 || exit === 2;
    output.data(JSON.stringify({ schema: `parley.${command}/1`, ok, exit, data: outcome.data, problems }));
    return exit;
  }
  if (outcome.text !== '') output.data(outcome.text);
  if (outcome.next !== undefined) output.note(`Next: ${outcome.next}`);
  return exit;
}
