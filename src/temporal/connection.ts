import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';

/** Where the durable shell runs. */
export type TemporalSettings = {
  /** The `TEMPORAL_*` variables of the process: address, namespace, TLS, API key, profile. */
  readonly variables: { readonly [name: string]: string };
  /** Another queue than `parley`, for installations that share a namespace. */
  readonly taskQueue?: string;
};

export type TemporalAddress = {
  readonly options: NativeConnectionOptions;
  readonly address: string;
  readonly namespace: string;
};

/** Reads the settings as every Temporal tool does, so that one environment serves all of them. Contacts nobody. */
export function temporalAddress({ variables }: TemporalSettings): TemporalAddress {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: { ...variables } });
  // Not "localhost": it may mean ::1, where the development server does not listen.
  const address = connectionOptions.address ?? '127.0.0.1:7233';
  return { options: { ...connectionOptions, address }, address, namespace: namespace ?? 'default' };
}

/** A client connection that is made at the first call, so that a process starts without a server. */
export function lazyConnection({ options, address }: TemporalAddress): Connection {
  const { tls, apiKey, metadata } = options;
  return Connection.lazy({
    address,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
  });
}
