import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveOptions } from '../contract/config/connections-file.js';
import { ParleyError } from '../core/errors.js';
import type { SideName } from '../core/ids.js';
import { canonicalJson } from '../core/json.js';
import type { Connector, ConnectorFactory, ConnectorSettings } from '../engine/connector.js';
import { withScope } from '../engine/scope.js';
import type { Connectors } from '../engine/ports.js';
import type { SavedRevision } from '../engine/store.js';
import type { Environment } from './environment.js';

export type ConnectorsPorts = {
  readonly environment: Pick<Environment, 'configFolder' | 'home' | 'variables'>;
  /** The factory of a kind of connector, by the word of connections.yaml. */
  readonly factoryOf: (kind: string) => ConnectorFactory | undefined;
};

/** Of one side of one pair: the settings of the deciding revision, and those of a plan that is being made. */
const keptPerSide = 2;

type Kept = { readonly settings: string; readonly connector: Promise<Connector> };

/**
 * Opens connectors and keeps them open. What matters is the settings, not the revision: a revision that changes a rule
 * goes on with the same connection, and a plan for other settings does not close what the running pair uses.
 */
export function createConnectors({ environment, factoryOf }: ConnectorsPorts): Connectors {
  const sides = new Map<string, Kept[]>();

  async function close(kept: Kept): Promise<void> {
    // A connector that could not be opened has nothing to close.
    await kept.connector.then((connector) => connector.close()).catch(() => undefined);
  }

  return {
    async open(revision, side) {
      const { factory, settings } = settingsOf(revision, side, { environment, factoryOf });
      const place = `${revision.pair}/${side.name}`;
      const known = sides.get(place) ?? [];
      const wanted = canonicalJson(settings);
      const found = known.find((kept) => kept.settings === wanted);
      const kept = found ?? { settings: wanted, connector: openWith(factory, settings) };
      const others = known.filter((other) => other !== kept);
      sides.set(place, [kept, ...others.slice(0, keptPerSide - 1)]);
      await Promise.all(others.slice(keptPerSide - 1).map(close));
      try {
        return withScope(await kept.connector, side.only ?? []);
      } catch (error) {
        sides.set(
          place,
          (sides.get(place) ?? []).filter((other) => other !== kept),
        );
        throw error;
      }
    },
    async close() {
      const all = [...sides.values()].flat();
      sides.clear();
      await Promise.all(all.map(close));
    },
  };
}

function settingsOf(
  revision: SavedRevision,
  side: Parameters<Connectors['open']>[1],
  { environment, factoryOf }: ConnectorsPorts,
): { factory: ConnectorFactory; settings: ConnectorSettings } {
  const connection = revision.connections[side.connection];
  const factory = connection === undefined ? undefined : factoryOf(connection.connector);
  if (connection === undefined || factory === undefined) {
    throw new ParleyError(
      'config.invalid',
      `Side "${side.name}" of pair "${revision.pair}" uses connection "${side.connection}", ` +
        `which this version cannot open. Nothing was contacted.`,
      { hint: 'Run parley check.' },
    );
  }
  const { configFolder, home, variables } = environment;
  const options = resolveOptions({ name: side.connection, configFolder, options: connection.options }, variables);
  const workFolder = join(home, 'connectors', side.connection, encodeURIComponent(side.object));
  return {
    factory,
    settings: {
      connection: side.connection,
      object: side.object,
      key: side.key,
      fields: mappedFields(revision, side.name),
      options,
      workFolder,
    },
  };
}

/** Native fields of a side that a unit, a match rule or another setting reads; sorted, so that the order of the file does not matter. */
function mappedFields({ rules }: SavedRevision, side: SideName): readonly string[] {
  const units = rules.units.flatMap((unit) => unit.paths[side] ?? []);
  const matched = rules.match.flatMap((rule) => (rule.kind === 'certain' ? (rule.fields[side] ?? []) : []));
  const own = rules.sides.find(({ name }) => name === side);
  const scoped = own?.only?.map(({ field }) => field) ?? [];
  const archived = Object.keys(own?.archive?.set ?? {});
  const made = own?.made === undefined ? [] : [own.made];
  return [...new Set([...units, ...matched, ...scoped, ...archived, ...made])].sort();
}

async function openWith(factory: ConnectorFactory, settings: ConnectorSettings): Promise<Connector> {
  await mkdir(settings.workFolder, { recursive: true, mode: 0o700 });
  return factory(settings);
}
