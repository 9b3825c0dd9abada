import { connectionsFileName } from '../contract/config/connections-file.js';
import { loadConfig, requireSound } from '../contract/config/load.js';
import { ParleyError } from '../core/errors.js';
import type { PairId } from '../core/ids.js';
import type { SavedRevision } from '../engine/store.js';

/**
 * The pair's present configuration from the folder. Errors in the files of other pairs do not concern it.
 * @throws ParleyError `config.invalid`, `config.not_found`
 */
export async function loadRevision(folder: string, pair: PairId): Promise<SavedRevision> {
  const config = await loadConfig(folder);
  const file = `pairs/${pair}.yaml`;
  const own = new Set([connectionsFileName, file]);
  requireSound({ ...config, problems: config.problems.filter((problem) => own.has(problem.file)) });
  const loaded = config.pairs.find(({ rules }) => rules.pair === pair);
  if (loaded === undefined) {
    throw new ParleyError(
      'config.not_found',
      `There is no pair "${pair}": ${file} does not exist in the configuration folder. Nothing was changed.`,
      {
        hint: 'Run parley check to see which pairs there are.',
      },
    );
  }
  const used = new Set(loaded.rules.sides.map(({ connection }) => connection));
  const connections = config.connections.filter(({ name }) => used.has(name));
  return {
    pair,
    id: loaded.rules.revision,
    rules: loaded.rules,
    text: loaded.text,
    connections: Object.fromEntries(connections.map(({ name, connector, options }) => [name, { connector, options }])),
  };
}
