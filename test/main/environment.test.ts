import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readEnvironment, requireDatabase } from '../../src/main/environment.js';

test('an empty environment is one machine: loopback, the usual port, the present folder', () => {
  expect(readEnvironment({})).toMatchObject({
    databaseUrl: null,
    databaseOwnerUrl: null,
    host: '127.0.0.1',
    port: 7_400,
    configFolder: resolve('.'),
    home: resolve('.parley'),
    logLevel: 'info',
    temporal: {},
  });
});

test('everything can be told', () => {
  const environment = readEnvironment({
    DATABASE_URL: 'postgres://app:secret@db:5432/parley',
    PARLEY_PORT: '8080',
    PARLEY_CONFIG: '/etc/parley',
    PARLEY_LOG: 'warn',
    TEMPORAL_ADDRESS: 'temporal:7233',
    TEMPORAL_NAMESPACE: 'parley',
    CRM_URL: 'postgres://crm',
    PARLEY_HOST: '',
  });
  expect(environment).toMatchObject({ port: 8_080, configFolder: '/etc/parley', logLevel: 'warn', host: '127.0.0.1' });
  expect(environment.temporal).toEqual({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'parley' });
  expect(environment.variables['CRM_URL']).toBe('postgres://crm');
  expect(requireDatabase(environment)).toBe('postgres://app:secret@db:5432/parley');
});

test('every wrong variable is named, and no value is', () => {
  const wrong = { DATABASE_URL: 'mysql://root:hunter2@db', PARLEY_PORT: '99999', PARLEY_LOG: 'loud' };
  expect(() => readEnvironment(wrong)).toThrow(/DATABASE_URL.*PARLEY_PORT.*PARLEY_LOG/);
  expect(() => readEnvironment(wrong)).not.toThrow(/hunter2|99999|loud/);
});

test('wrapping keys are told with spaces between them, the one that wraps first; a short one is refused unsaid', () => {
  const [newer, older] = [Buffer.alloc(32, 1), Buffer.alloc(40, 2)];
  const told = (keys: string): readonly Buffer[] => readEnvironment({ PARLEY_WRAPPING_KEY: keys }).wrappingKeys;
  expect(told(`${newer.toString('base64')}  ${older.toString('base64')}`)).toEqual([newer, older]);
  expect(readEnvironment({}).wrappingKeys).toEqual([]);
  const short = Buffer.alloc(31, 3).toString('base64');
  expect(() => told(`${newer.toString('base64')} ${short}`)).toThrow(/PARLEY_WRAPPING_KEY.*32 bytes/);
  expect(() => told(short)).not.toThrow(short);
});

test('a process that needs the database says which variable is missing', () => {
  expect(() => requireDatabase(readEnvironment({}))).toThrow(/DATABASE_URL is not set/);
});
