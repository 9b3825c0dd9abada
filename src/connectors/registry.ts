import type { ConnectorName } from '../contract/config/schema.js';
import type { ConnectorFactory } from '../engine/connector.js';
import { openCsv } from './csv/connector.js';
import { openHttp } from './http/connector.js';
import { openPostgres } from './postgres/connector.js';

/** A word of the contract without a connector does not compile, nor does a connector without a word. */
const factories: { readonly [name in ConnectorName]: ConnectorFactory } = {
  postgres: openPostgres,
  csv: openCsv,
  http: openHttp,
};

/**
 * Opens connectors by the word of connections.yaml; which options each takes is the contract's to say. The reference
 * in memory is not among them: it has no word, so that nobody keeps records in it.
 */
export const connectorFactories: { readonly [word: string]: ConnectorFactory | undefined } = factories;
