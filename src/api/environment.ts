import type { HttpBindings } from '@hono/node-server';
import type { Engine } from '../engine/engine.js';
import type { Log, Runner } from '../engine/ports.js';
import type { ReadModel } from '../engine/read-model.js';
import type { Role, Store } from '../engine/store.js';

/** What the API is built from. It decides nothing: the engine does, the read model answers. */
export type ApiDependencies = {
  readonly engine: Engine;
  readonly readModel: ReadModel;
  readonly store: Pick<
    Store,
    'revision' | 'pair' | 'plan' | 'entities' | 'retirement' | 'tokenByHash' | 'nowMs' | 'ping'
  >;
  readonly runner: Pick<Runner, 'runNow' | 'setMode' | 'ping'>;
  readonly log: Log;
  readonly version: string;
  /**
   * Host names that requests may carry. A page of another origin can make a browser resolve its own name to the
   * loopback address (DNS rebinding); it cannot forge the Host header. `any` is for a server that is reachable by
   * names we cannot know, where the bearer token is the protection.
   */
  readonly hosts: 'loopback' | 'any';
  readonly page: ConsolePage;
  /** Aborted when the server stops: streams end instead of holding it up. */
  readonly stopping: AbortSignal;
  /** The server's own clock in epoch milliseconds, for rate limits and measuring; never for facts about records. */
  readonly nowMs: () => number;
};

/** A page that needs nothing but itself. Its inline parts are named so that the policy can allow exactly these. */
export type ConsolePage = { readonly html: string; readonly style: string; readonly script: string };

/** Who asks: the name and role of the token. The name is the actor in the ledger. */
export type Principal = { readonly name: string; readonly role: Role };

export type ApiEnv = {
  Bindings: Partial<HttpBindings>;
  Variables: { requestId: string; principal: Principal };
};
