import type { Terminal } from '../terminal.js';

/** How texts are drawn. Rendering functions depend on it and on their data alone. */
export type Style = {
  readonly color: boolean;
  readonly ascii: boolean;
  /** Columns of the screen; infinite where there is no screen, so that nothing is cut. */
  readonly width: number;
  /** "Now" in epoch milliseconds, for ages and for leaving out today's date. */
  readonly nowMs: number;
  /** IANA name; the machine's own when undefined. */
  readonly timeZone: string | undefined;
};

export type ColorWish = 'auto' | 'always' | 'never';
export type StyleWish = { readonly color?: ColorWish | undefined; readonly ascii?: boolean | undefined };

/** `NO_COLOR` and a dumb terminal switch colour off unless it is asked for by name. */
export function styleFor(terminal: Terminal, wish: StyleWish): Style {
  const { stdout, env } = terminal;
  const isScreen = stdout.isTTY === true;
  const isWanted = isScreen && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return {
    color: wish.color === 'always' || (wish.color !== 'never' && isWanted),
    ascii: wish.ascii === true,
    width: isScreen ? Math.max(stdout.columns ?? 80, 20) : Number.POSITIVE_INFINITY,
    nowMs: terminal.nowMs(),
    timeZone: undefined,
  };
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
export type Paint = keyof typeof codes;

/** Colour only repeats what a word or a sign says. */
export function paint(style: Pick<Style, 'color'>, how: Paint, text: string): string {
  return style.color && text !== '' ? `\u001b[${codes[how]}m${text}\u001b[0m` : text;
}

/** The few signs that are not ASCII, and what stands for them with `--ascii`. */
export function signs({ ascii }: Pick<Style, 'ascii'>) {
  return ascii
    ? ({ ellipsis: '...', full: '#', empty: '.', dash: '-' } as const)
    : ({ ellipsis: '\u2026', full: '\u2588', empty: '\u2591', dash: '\u2013' } as const);
}
