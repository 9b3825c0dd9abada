import type { Fault } from './faults.js';

/** What a worker does: the use cases of the engine, as the workflow calls them. */
export type Act =
  | { readonly act: 'poll'; readonly side: string }
  | { readonly act: 'list'; readonly side: string }
  /** The brakes, then every open delivery. */
  | { readonly act: 'send' }
  | { readonly act: 'end' }
  | { readonly act: 'wait' }
  | { readonly act: 'cycle'; readonly list: boolean }
  | { readonly act: 'plan'; readonly revision: number }
  | { readonly act: 'mode'; readonly mode: 'active' | 'held' | 'paused' }
  | { readonly act: 'decide'; readonly pick: number; readonly choice: number };

/** One step of a world. Every step means something in every state: what cannot be done is left out, so that worlds shrink. */
export type Step =
  | {
      readonly do: 'edit';
      readonly side: string;
      readonly key: string;
      readonly unit: string;
      readonly to: readonly (string | null)[];
    }
  | { readonly do: 'make'; readonly side: string; readonly key: string; readonly text: string }
  | { readonly do: 'remove'; readonly side: string; readonly key: string }
  /** People make one record of two; of these units the value of the one that goes is kept. A key that is not there is new. */
  | {
      readonly do: 'merge';
      readonly side: string;
      readonly key: string;
      readonly into: string;
      readonly keeps: readonly string[];
    }
  /** A record that is there is not shown any more, or is again. */
  | { readonly do: 'hide' | 'leave' | 'show'; readonly side: string; readonly key: string }
  /** A worker begins; it stands still after so many gates, if it comes so far. */
  | ({ readonly do: 'act'; readonly worker: number; readonly gates?: number } & Act)
  | { readonly do: 'go'; readonly worker: number; readonly gates?: number }
  | { readonly do: 'kill'; readonly worker: number }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'late'; readonly side: string }
  | { readonly do: 'refuse'; readonly side: string; readonly key: string }
  | { readonly do: 'copy side' | 'restore side'; readonly side: string }
  | { readonly do: 'copy hub' | 'restore hub' }
  | { readonly do: 'pass'; readonly ms: number }
  /** Something happens in the other pair, whose records are named. */
  | { readonly do: 'parents'; readonly step: Step };
