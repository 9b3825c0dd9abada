import { setTimeout as sleep } from 'node:timers/promises';
import { checkpointFolder } from '../checkpoints/folder.js';
import { signerOf, verifierOf } from '../checkpoints/note.js';
import type { Engine } from '../engine/engine.js';
import type { Checkpoints, Log } from '../engine/ports.js';
import type { Store } from '../engine/store.js';
import type { Environment } from './environment.js';

const signEveryMs = 60_000;

/** The folder that the environment names, with the keys to sign and verify; null when it names none. */
export function checkpointsOf({ checkpoints }: Environment): Checkpoints | null {
  if (checkpoints === null) return null;
  const { folder, key, publicKeys } = checkpoints;
  return checkpointFolder({
    folder,
    signer: key === null ? null : signerOf(key),
    verifiers: publicKeys.map(verifierOf),
  });
}

export type SigningPorts = {
  readonly engine: Pick<Engine, 'writeCheckpoint'>;
  readonly store: Pick<Store, 'pairs'>;
  readonly log: Log;
  /** 60 seconds when not given. */
  readonly everyMs?: number;
};

/**
 * Signs the ledger of each pair once a minute, if it grew. Several workers may do it side by side: two checkpoints of one
 * size say the same. What is not signed is told once, and tried again.
 */
export async function keepSigning(ports: SigningPorts, closing: AbortSignal): Promise<void> {
  const { engine, store, log, everyMs = signEveryMs } = ports;
  const told = new Set<string>();
  const tell = (pair: string, error: unknown): void => {
    const problem = error instanceof Error ? error.message : null;
    if (!told.has(pair)) log.error({ pair, problem }, 'The ledger was not signed.');
    told.add(pair);
  };
  while (!closing.aborted) {
    try {
      for (const { pair } of await store.pairs()) {
        await engine.writeCheckpoint({ pair }).then(
          () => told.delete(pair),
          (error: unknown) => tell(pair, error),
        );
      }
      told.delete('');
    } catch (error) {
      tell('', error);
    }
    await sleep(everyMs, undefined, { signal: closing }).catch(() => undefined);
  }
}
