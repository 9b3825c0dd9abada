import { Connection } from '@temporalio/client';
import { lazyConnection, temporalAddress } from '../temporal/connection.js';

/**
 * Whether a Temporal server at host:port knows the namespace, asked once and answered within `withinMs`. With `env`
 * its TEMPORAL_* settings (TLS, API key, profile) are used as the worker would use them; without, none are.
 */
export async function temporalAnswers(
  address: string,
  namespace: string,
  withinMs: number,
  env?: NodeJS.ProcessEnv,
): Promise<boolean> {
  const connection =
    env === undefined ? Connection.lazy({ address }) : lazyConnection(temporalAddress({ variables: settings(env) }));
  try {
    await connection.withDeadline(Date.now() + withinMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

function settings(env: NodeJS.ProcessEnv): { readonly [name: string]: string } {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => name.startsWith('TEMPORAL_')));
}
