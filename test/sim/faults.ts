import type { StoreFault } from './store/memory-store.js';

/** What goes wrong once, at the next occasion. */
export type Fault =
  | { readonly at: 'store'; readonly kind: StoreFault }
  | {
      readonly at: string;
      readonly kind: 'read' | 'lost request' | 'lost response' | 'late' | 'expire' | 'unlisted';
    }
  /** The batch is cut after so many writes; what happened to the rest nobody says. */
  | { readonly at: string; readonly kind: 'partial'; readonly after: number };

/** Faults that wait for their occasion, in the order in which they were put. */
export class FaultQueue {
  #waiting: readonly Fault[] = [];

  put(fault: Fault): void {
    this.#waiting = [...this.#waiting, fault];
  }

  take(at: string, ...kinds: readonly Fault['kind'][]): Fault | null {
    const fault = this.#waiting.find((waiting) => waiting.at === at && kinds.includes(waiting.kind)) ?? null;
    if (fault !== null) this.#waiting = this.#waiting.filter((waiting) => waiting !== fault);
    return fault;
  }

  clear(): void {
    this.#waiting = [];
  }

  get state(): readonly Fault[] {
    return this.#waiting;
  }

  set state(waiting: readonly Fault[]) {
    this.#waiting = waiting;
  }
}
