import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ParleyError } from '../../src/core/errors.js';
import { pairId, revisionId, sideName } from '../../src/core/ids.js';
import type { PairRules, SideRules } from '../../src/core/rules.js';
import type { Connector, ConnectorSettings } from '../../src/engine/connector.js';
import type { ConnectionSettings, SavedRevision } from '../../src/engine/store.js';
import { createConnectors } from '../../src/main/connectors.js';

const crm: SideRules = {
  name: sideName('crm'),
  connection: 'crm',
  object: 'public.accounts',
  key: ['id'],
  creates: 'copy',
  deletes: 'ask',
};

function revision(id: string, options: ConnectionSettings['options'] = { url: { env: 'CRM_URL' } }): SavedRevision {
  const rules = {
    pair: pairId('suppliers'),
    revision: revisionId(id),
    sides: [crm],
    units: [],
    match: [],
  } as unknown as PairRules;
  return {
    pair: rules.pair,
    id: rules.revision,
    rules,
    text: '',
    connections: { crm: { connector: 'postgres', options } },
  };
}

async function stage(variables: { [name: string]: string } = { CRM_URL: 'postgres://crm' }) {
  const home = await mkdtemp(join(tmpdir(), 'parley-connectors-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const opened: ConnectorSettings[] = [];
  const closed: string[] = [];
  const failures: Error[] = [];
  const connectors = createConnectors({
    environment: { configFolder: '/etc/parley', home, variables },
    factoryOf: (kind) =>
      kind !== 'postgres'
        ? undefined
        : async (settings) => {
            opened.push(settings);
            const failure = failures.pop();
            if (failure !== undefined) throw failure;
            return { close: async () => void closed.push(settings.options['url'] ?? '') } as unknown as Connector;
          },
  });
  return { connectors, opened, closed, failures, variables };
}

test('a connector gets resolved options and a private folder, and is opened once', async () => {
  const { connectors, opened } = await stage();
  const [first, second] = await Promise.all([connectors.open(revision('a'), crm), connectors.open(revision('a'), crm)]);
  expect(first).toBe(second);
  expect(opened).toMatchObject([
    { connection: 'crm', object: 'public.accounts', key: ['id'], options: { url: 'postgres://crm' } },
  ]);
  const folder = await stat(opened[0]?.workFolder ?? '');
  expect(folder.mode & 0o777).toBe(0o700);
});

test('a revision that changes only rules goes on with the same connection', async () => {
  const { connectors, opened } = await stage();
  expect(await connectors.open(revision('a'), crm)).toBe(await connectors.open(revision('b'), crm));
  expect(opened).toHaveLength(1);
});

test('settings of a plan are opened beside those of the running pair; older ones are closed', async () => {
  const { connectors, opened, closed } = await stage();
  const running = await connectors.open(revision('a', { url: 'postgres://one' }), crm);
  await connectors.open(revision('b', { url: 'postgres://two' }), crm);
  expect(await connectors.open(revision('a', { url: 'postgres://one' }), crm)).toBe(running);
  expect(closed).toEqual([]);
  await connectors.open(revision('c', { url: 'postgres://three' }), crm);
  expect(closed).toEqual(['postgres://two']);
  expect(opened).toHaveLength(3);
  await connectors.close();
  expect(closed.toSorted()).toEqual(['postgres://one', 'postgres://three', 'postgres://two']);
});

test('what could not be opened is tried again', async () => {
  const { connectors, failures, opened } = await stage();
  failures.push(new ParleyError('connector.unreachable', 'Away.'));
  await expect(connectors.open(revision('a'), crm)).rejects.toMatchObject({ code: 'connector.unreachable' });
  await connectors.open(revision('a'), crm);
  expect(opened).toHaveLength(2);
});

test('a variable that is not set is named, and nothing is opened', async () => {
  const { connectors, opened } = await stage({});
  await expect(connectors.open(revision('a'), crm)).rejects.toMatchObject({ code: 'config.missing_secret' });
  await expect(connectors.open(revision('a'), crm)).rejects.toThrow(/CRM_URL/);
  expect(opened).toEqual([]);
});

test('a connection that this version does not know is refused', async () => {
  const { connectors } = await stage();
  const strange = { ...revision('a'), connections: { crm: { connector: 'fax', options: {} } } };
  await expect(connectors.open(strange, crm)).rejects.toMatchObject({ code: 'config.invalid' });
});
