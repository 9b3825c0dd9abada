import { describe, expect, test } from 'vitest';
import { readConnectionsFile, resolveOptions } from '../../src/contract/config/connections-file.js';
import { type BrokenFile, placesOf, soundConnections, unmarked } from './broken-file.js';

const crm = 'crm: { connector: postgres, url: env:CRM_URL }';
const url = 'env:CRM_URL';
const folder = './data';
const random = 'q7Zp2LmX9vB4tR8wY1cK6nD3';
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', 'c2lnbmF0dXJl'].join('.');

const broken: readonly BrokenFile[] = [
  { name: 'no connector', line: crm, by: '«crm»: { url: env:CRM_URL }', problems: ['config.missing_key'] },
  {
    name: 'an unknown connector',
    line: crm,
    by: 'crm: { connector: «postgre», url: env:X }',
    problems: ['config.unknown_connector'],
    hint: 'postgres',
  },
  {
    name: 'a connector of a later version',
    line: crm,
    by: 'crm: { connector: «salesforce», url: env:X }',
    problems: ['config.not_available'],
  },
  {
    name: 'a missing setting',
    line: crm,
    by: '«crm»: { connector: postgres }',
    problems: ['config.missing_key'],
    hint: 'env:NAME',
  },
  {
    name: 'an unknown setting',
    line: crm,
    by: 'crm: { connector: postgres, url: env:X, «ulr»: x }',
    problems: ['config.unknown_key'],
    hint: 'url',
  },
  {
    name: 'a name in capitals',
    line: crm,
    by: '«CRM»: { connector: postgres, url: env:X }',
    problems: ['config.bad_name'],
  },
  { name: 'text instead of settings', line: crm, by: 'crm: «postgres»', problems: ['config.wrong_type'] },
  {
    name: 'a password in the address',
    line: url,
    by: 'postgres://u:«hunter2»@db/crm',
    problems: ['config.secret_in_file'],
    hint: 'env:NAME',
  },
  {
    name: 'a password in a query',
    line: url,
    by: 'postgres://db/crm?password=«hunter2»',
    problems: ['config.secret_in_file'],
  },
  {
    name: 'a setting called password',
    line: url,
    by: 'env:X, «password»: «hunter2»',
    problems: ['config.unknown_key', 'config.secret_in_file'],
  },
  {
    name: 'a setting called api_key',
    line: url,
    by: 'env:X, «api_key»: «1234»',
    problems: ['config.unknown_key', 'config.secret_in_file'],
  },
  { name: 'what looks like a key', line: folder, by: `«${random}»`, problems: ['config.secret_in_file'] },
  { name: 'a signed token in a comment', line: crm, by: `${crm} # «${jwt}»`, problems: ['config.secret_in_file'] },
  { name: 'a key of a cloud', line: folder, by: `./«AKIA${'Q7ZP'.repeat(4)}»`, problems: ['config.secret_in_file'] },
  {
    name: 'a variable in the manner of a shell',
    line: url,
    by: '«$CRM_URL»',
    problems: ['config.bad_secret_reference'],
    hint: 'env:CRM_URL',
  },
  {
    name: 'a variable in braces',
    line: url,
    by: '"«»x"'.replace('«»x', '${CRM_URL}').replace(/^(.*)$/, '«$1»'),
    problems: ['config.bad_secret_reference'],
    hint: 'env:CRM_URL',
  },
  {
    name: 'a variable with a space',
    line: url,
    by: '"env: CRM_URL"'.replace(/^(.*)$/, '«$1»'),
    problems: ['config.bad_secret_reference'],
  },
  { name: 'an address of something else', line: url, by: '«https://db.example»', problems: ['config.bad_url'] },
  {
    name: 'an unknown encoding',
    line: folder,
    by: './data, encoding: «utf8»',
    problems: ['config.unknown_word'],
    hint: 'utf-8',
  },
  { name: 'a long delimiter', line: folder, by: './data, delimiter: «";;"»', problems: ['config.wrong_type'] },
  {
    name: 'a duplicate connection',
    line: crm,
    by: `${crm}\n«crm»: { connector: csv, folder: . }`,
    problems: ['config.duplicate_key'],
  },
];

test('the sound file gives both connections, with references kept as references', () => {
  const { connections, problems } = readConnectionsFile(soundConnections, '/configuration');
  expect(problems).toEqual([]);
  expect(connections.map(({ name, options }) => [name, options])).toEqual([
    ['crm', { url: { env: 'CRM_URL' } }],
    ['erp', { folder: './data' }],
  ]);
});

describe('a broken connections.yaml is reported at the exact place', () => {
  test.for(broken.map((entry) => [entry.name, entry] as const))('%s', ([, entry]) => {
    const { text, expected } = unmarked(entry, soundConnections);
    const { problems, connections } = readConnectionsFile(text, '/configuration');
    expect(placesOf(problems)).toEqual(expected);
    if (entry.hint !== undefined) expect(problems[0]?.hint).toContain(entry.hint);
    expect(connections).toEqual([]);
  });
});

test('no message repeats a secret', () => {
  const text = 'crm: { connector: hunter2secret, password: hunter2secret, hunter2secret: 1 }\n';
  const { problems } = readConnectionsFile(text, '/configuration');
  expect(problems.map((problem) => problem.code)).toContain('config.secret_in_file');
  expect(JSON.stringify(problems)).not.toContain('hunter2secret');
});

test.for([
  'postgres://reader@localhost/crm',
  'postgres://localhost:5432/crm',
  'postgresql://db.internal.example.com/warehouse_reporting_database_2026',
])('an address without a password is no secret: %s', (address) => {
  expect(readConnectionsFile(`crm: { connector: postgres, url: "${address}" }\n`, '/configuration').problems).toEqual(
    [],
  );
});

test('references are looked up in the environment of the process, and folders become absolute', () => {
  const { connections } = readConnectionsFile(soundConnections, '/configuration');
  const env = { CRM_URL: 'postgres://u:p@h/d' };
  expect(connections.map((connection) => resolveOptions(connection, env))).toEqual([
    { url: 'postgres://u:p@h/d' },
    { folder: '/configuration/data' },
  ]);
});

test.for([{}, { CRM_URL: '' }])('a variable that is not set is named, with what to do', (env) => {
  const [crmConnection] = readConnectionsFile(soundConnections, '/configuration').connections;
  expect(() => crmConnection && resolveOptions(crmConnection, env)).toThrow(
    expect.objectContaining({ code: 'config.missing_secret', message: expect.stringContaining('CRM_URL') }),
  );
});
