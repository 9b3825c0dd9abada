import { resolve } from 'node:path';
import { ParleyError } from '../../core/errors.js';
import { isError, type Problem, problemList, type Range, type Report, withoutRepeats } from './problems.js';
import { type ConnectorName, connectorNames, connectorSchemas } from './schema.js';
import { findSecrets, redacted } from './secrets.js';
import { checkShape } from './shape-problems.js';
import { namePattern } from './side-reader.js';
import { didYouMean, quoted } from './suggest.js';
import { isPlanned } from './words.js';
import { parseYaml, type YamlPath, type YamlSource } from './yaml-source.js';

export const connectionsFileName = 'connections.yaml';

/** A setting as written: text, or the name of the environment variable that holds it. */
export type OptionValue = string | { readonly env: string };

export type Connection = {
  readonly name: string;
  readonly connector: ConnectorName;
  /** References stay references here: a configuration can be stored, shown and compared without secrets. */
  readonly options: { readonly [name: string]: OptionValue };
  /** Absolute; what relative folders are relative to. */
  readonly configFolder: string;
};

export type ConnectionsFile = {
  readonly text: string;
  readonly connections: readonly Connection[];
  /** Every connection that the file names, broken ones too, with its connector's word. Null: nothing could be read. */
  readonly names: ReadonlyMap<string, string> | null;
  /** Where each connection's name stands. */
  readonly places: ReadonlyMap<string, Range>;
  readonly problems: readonly Problem[];
};

/** Parses and checks connections.yaml. Never throws; reads no environment and contacts nothing. */
export function readConnectionsFile(text: string, configFolder: string): ConnectionsFile {
  const source = parseYaml(connectionsFileName, text);
  const { problems, report } = problemList(connectionsFileName);
  problems.push(...source.problems);
  const secrets = findSecrets(source, report, 'connections');
  const connections: Connection[] = [];
  const places = new Map<string, Range>();
  for (const [name, value] of Object.entries(source.value ?? {})) {
    places.set(name, source.keyRange([name]));
    const connection = readConnection(source, report, name, value, configFolder);
    if (connection !== undefined) connections.push(connection);
  }
  const names =
    source.value === undefined
      ? null
      : new Map(Object.keys(source.value).map((name) => [name, connectorWord(source.value?.[name])]));
  const sound = !problems.some(isError);
  return {
    text,
    connections: sound ? connections : [],
    names,
    places,
    problems: redacted(withoutRepeats(problems), secrets),
  };
}

function connectorWord(value: unknown): string {
  const word =
    value !== null && typeof value === 'object' ? (value as { readonly connector?: unknown }).connector : undefined;
  return typeof word === 'string' ? word : '';
}

function readConnection(
  source: YamlSource,
  report: Report,
  name: string,
  value: unknown,
  configFolder: string,
): Connection | undefined {
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(name)) {
    report('config.bad_name', source.keyRange([name]), `${quoted(name)} cannot be the name of a connection`, {
      hint: namePattern,
    });
  }
  const word = connectorWord(value);
  const connector = connectorNames.find((known) => known === word);
  if (connector === undefined && word !== '') {
    reportConnector(source, report, name, word);
    return undefined;
  }
  const shaped = { source, report, knownKeys: () => Object.keys(connectorSchemas[connector ?? 'csv'].shape) };
  if (connector === undefined) {
    checkShape(shaped, connectorSchemas.csv.pick({ connector: true }).loose(), [name]);
    return undefined;
  }
  const data = checkShape(shaped, connectorSchemas[connector], [name]);
  if (data === undefined) return undefined;
  const options: { [option: string]: OptionValue } = {};
  for (const [option, written] of Object.entries(data)) {
    if (option !== 'connector' && written !== undefined)
      options[option] = readOption(source, report, { path: [name, option], connector }, written);
  }
  return { name, connector, options, configFolder };
}

function reportConnector(source: YamlSource, report: Report, name: string, word: string): void {
  const range = source.valueRange([name, 'connector']);
  if (isPlanned('connector', word)) {
    report('config.not_available', range, `the connector "${word}" is not part of this version`, {
      hint: `connectors of this version: ${connectorNames.join(', ')}`,
    });
  } else {
    report('config.unknown_connector', range, `there is no connector ${quoted(word)}`, {
      hint: didYouMean(word, connectorNames),
    });
  }
}

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

type OptionPlace = { readonly path: YamlPath; readonly connector: ConnectorName };

/** What the address of a system looks like, by connector; the other connectors have none. */
const addresses: {
  readonly [connector in ConnectorName]?: { readonly form: RegExp; readonly what: string; readonly hint: string };
} = {
  postgres: {
    form: /^postgres(?:ql)?:\/\/[^\s/]/i,
    what: 'this is not the address of a Postgres database',
    hint: 'write url: env:NAME; the variable holds postgres://user:password@host:5432/database',
  },
  http: {
    form: /^https?:\/\/[^\s/]/i,
    what: 'this is not a web address',
    hint: 'write url: https://host/path; the secret goes into token: env:NAME',
  },
};

function readOption(
  source: YamlSource,
  report: Report,
  { path, connector }: OptionPlace,
  written: string,
): OptionValue {
  const address = path.at(-1) === 'url' ? addresses[connector] : undefined;
  const range = source.valueRange(path);
  if (written.startsWith('env:')) {
    const env = written.slice('env:'.length);
    if (environmentName.test(env)) return { env };
    report('config.bad_secret_reference', range, 'what follows "env:" is not the name of an environment variable', {
      hint: 'such as env:CRM_URL, without spaces',
    });
  } else if (/^(?:env\b|\$\w|\$\{)/i.test(written)) {
    const variable = /[A-Za-z_][A-Za-z0-9_]*/.exec(written.replace(/^env\W*/i, ''))?.[0] ?? 'NAME';
    report('config.bad_secret_reference', range, 'environment variables are named with "env:"', {
      hint: `write env:${variable}`,
    });
  } else if (address !== undefined && !address.form.test(written)) {
    report('config.bad_url', range, address.what, { hint: address.hint });
  }
  return written;
}

/**
 * The settings of a connection with its references looked up, for the one process that opens it. A relative folder
 * becomes absolute. @throws ParleyError `config.missing_secret` naming the variable that is not set.
 */
export function resolveOptions(
  connection: Pick<Connection, 'name' | 'options' | 'configFolder'>,
  env: { readonly [name: string]: string | undefined },
): { readonly [name: string]: string } {
  const resolved: { [option: string]: string } = {};
  for (const [option, written] of Object.entries(connection.options)) {
    const value = typeof written === 'string' ? written : env[written.env];
    if (value === undefined || value === '') {
      const variable = typeof written === 'string' ? option : written.env;
      const message =
        `Connection "${connection.name}" takes its ${option} from the environment variable ${variable}, ` +
        'which is not set in this process. Nothing was contacted.';
      throw new ParleyError('config.missing_secret', message, {
        hint: `Set ${variable} where this process runs and start it again.`,
      });
    }
    resolved[option] = option === 'folder' ? resolve(connection.configFolder, value) : value;
  }
  return resolved;
}
