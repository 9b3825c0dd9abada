import type { ObjectDescription } from '../engine/connector.js';
import type { RetentionPlan } from '../engine/plan-retention.js';
import type { RetainResult, RetainWish } from '../engine/retain-ledger.js';
import type { ProofPorts } from '../engine/verify-export.js';

/**
 * What the command line needs and may not know: servers, the embedded stack, connectors. The composition root gives
 * it, so that a command that contacts nothing loads nothing of it.
 */
export interface Machinery {
  readonly version: string;
  /** Runs one part in this process until it is told to stop. */
  serve(part: ServePart): Promise<void>;
  /** Brings the embedded stack up, says so, and stays until Ctrl-C has brought it down in order. */
  dev(wish: DevWish): Promise<'stopped' | 'interrupted'>;
  /** Looks at everything that is needed and changes nothing. */
  examine(wish: ExamineWish): Promise<readonly Check[]>;
  /** Tells the story of the product on two real systems. `ok` is false when something did not hold. */
  demo(wish: DemoWish): Promise<{ readonly ok: boolean; readonly interrupted: boolean }>;
  /** Opens a connector, asks what the object looks like, closes it. */
  describe(wish: DescribeWish): Promise<ObjectDescription>;
  /** Makes a bearer token for the API, keeps its hash, and returns it. */
  addToken(wish: { readonly name: string; readonly role: 'viewer' | 'operator' | 'owner' }): Promise<string>;
  /** Wraps every data key of the history with the first of PARLEY_WRAPPING_KEY. */
  rotateKeys(): Promise<{ readonly rewrapped: number }>;
  /** What takes months of the history out of the database: as its owner, with files in a folder. */
  retention(wish: { readonly folder: string }): Promise<Retention>;
  /** What verifying an exported ledger needs: hashes and signatures, no server. */
  proofs(): Promise<ProofPorts>;
  /** The folder of an example that ships with Parley. */
  example(name: string): string;
}

export type Retention = {
  nowMs(): Promise<number>;
  plan(beforeMs: number): Promise<RetentionPlan>;
  retain(wish: RetainWish): Promise<RetainResult>;
  close(): Promise<void>;
};

export const serveParts = ['api', 'worker', 'migrate'] as const;
export type ServePart = (typeof serveParts)[number];

export type DevWish = {
  /** The workspace. Absolute. */
  readonly folder: string;
  readonly apiPort: number | null;
  /** A part begins, is ready, or its process ended: a word and a sentence. */
  readonly onStep: (step: DevStep) => void;
  readonly onUp: (up: DevUp) => void;
  /** Ctrl-C was pressed for the first, second, ... time. */
  readonly onStopping: (count: number) => void;
};
export type DevStep = { readonly part: string; readonly state: string; readonly detail: string };
export type DevUp = {
  readonly url: string;
  readonly token: string;
  readonly temporal: string;
  readonly dataFolder: string;
  readonly logs: string;
};

export type ExamineWish = {
  readonly folder: string;
  readonly checkConfig: (folder: string) => Promise<Omit<Check, 'name'>>;
};
/** One thing that was looked at. `fix` is what to do when it is not right. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string | null;
};

export type DemoWish = {
  /** Where it plays; made when it is not there, used again when it is. */
  readonly folder: string;
  /** Ends when the story is told, instead of staying up. */
  readonly once: boolean;
  /** A line of the story. */
  readonly say: (text: string) => void;
  readonly onStep: (step: DevStep) => void;
  /** The story is told and everything stays up. */
  readonly onUp: (url: string) => void;
  readonly onStopping: (count: number) => void;
};

export type DescribeWish = {
  readonly folder: string;
  readonly connection: string;
  readonly object: string;
  readonly key: readonly string[];
};
