/** What was held back while the screen stood still; older lines than these are only counted. */
const heldMax = 5_000;

/** Where the lines of `watch` go, and the line about keys below its head. */
export type ScreenPorts = {
  readonly print: (line: string) => void;
  /** Paints the head again. */
  readonly repaint: () => void;
  readonly quit: () => void;
};

/**
 * The keys of `watch`: `q` quits, the space bar makes the screen stand still and lets it go on, `/` types a text that
 * lines must contain, Esc shows all again. Nothing is lost while the screen stands still: the lines come afterwards.
 */
export class WatchScreen {
  readonly #ports: ScreenPorts;
  #held: string[] = [];
  #left = 0;
  #isPaused = false;
  #filter = '';
  /** The filter while it is being typed. */
  #typed: string | null = null;

  constructor(ports: ScreenPorts) {
    this.#ports = ports;
  }

  /** One change. It is printed when it contains the filter, at once or when the screen goes on. */
  take(line: string): void {
    if (!line.toLowerCase().includes(this.#filter.toLowerCase())) return;
    if (!this.#isPaused) {
      this.#ports.print(line);
      return;
    }
    this.#held.push(line);
    if (this.#held.length <= heldMax) return;
    this.#held.shift();
    this.#left += 1;
  }

  /** What was typed: one key, or several that came at once. */
  press(keys: string): void {
    if (keys === '\u001b') this.#escape();
    // An arrow or another key with a sequence of its own.
    else if (!keys.startsWith('\u001b')) for (const key of keys) this.#key(key);
    this.#ports.repaint();
  }

  #key(key: string): void {
    if (this.#typed !== null) this.#type(this.#typed, key);
    else if (key === 'q') this.#ports.quit();
    else if (key === '/') this.#typed = '';
    else if (key === ' ') this.#turn();
  }

  #type(typed: string, key: string): void {
    if (key === '\r' || key === '\n') {
      this.#filter = typed;
      this.#typed = null;
    } else if (key === '\u007f' || key === '\b') this.#typed = Array.from(typed).slice(0, -1).join('');
    else if (key >= ' ') this.#typed = typed + key;
  }

  #escape(): void {
    if (this.#typed === null) this.#filter = '';
    this.#typed = null;
  }

  #turn(): void {
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) return;
    if (this.#left > 0) this.#ports.print(`... ${this.#left} earlier changes: parley ledger list`);
    for (const line of this.#held) this.#ports.print(line);
    this.#held = [];
    this.#left = 0;
  }

  /** The line about keys: what they do now. */
  line(): string {
    if (this.#typed !== null) return `/${this.#typed}   Enter: only lines with this text   Esc: leave it`;
    const shown = this.#filter === '' ? '/ filter' : `only "${this.#filter}"   Esc all`;
    const waiting = this.#held.length + this.#left;
    return this.#isPaused
      ? `stands still, ${waiting} new   space go on   ${shown}   q quit`
      : `space stand still   ${shown}   q quit`;
  }
}
