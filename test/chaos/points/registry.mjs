import { connectorFactories as original } from '../../../dist/src/connectors/registry.js';
import { at, during } from './at.mjs';

export const connectorFactories = Object.fromEntries(
  Object.entries(original).map(([word, open]) => [word, async (settings) => watched(await open(settings))]),
);

function watched(connector) {
  const answered =
    (verb, point) =>
    async (...args) => {
      const answer = await connector[verb](...args);
      at(point);
      return answer;
    };
  return {
    describe: (...args) => connector.describe(...args),
    close: () => connector.close(),
    read: answered('read', 'read.answered'),
    readByKeys: answered('readByKeys', 'look.answered'),
    listKeys: answered('listKeys', 'listing.answered'),
    async write(...args) {
      at('write.before');
      const answer = await during('write.under_way', connector.write(...args));
      at('write.answered');
      return answer;
    },
  };
}

const fetchPlain = globalThis.fetch;
/** Requests of the connector for JSON APIs; nothing else in a worker uses it. */
globalThis.fetch = async (address, init) => {
  if ((init?.method ?? 'GET') === 'GET') return fetchPlain(address, init);
  const answer = await during('request.under_way', fetchPlain(address, init));
  at('request.answered');
  return answer;
};
