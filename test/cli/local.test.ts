import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandName, jsonResult } from '../../src/cli/json-schemas.js';
import type { Check, DemoWish, DevWish } from '../../src/cli/machinery.js';
import { ParleyError } from '../../src/core/errors.js';
import { emptyFolder, type Ran, running } from './screen.js';

const init = ['init', 'customers', '--left', 'crm=postgres:public.accounts:id', '--right', 'erp=csv:customers.csv:id'];

function fits(name: CommandName, ran: Ran): void {
  expect(jsonResult(name).safeParse(ran.lines().at(-1)).error).toBeUndefined();
}

test.for([
  ['two sides', [...init, '--owner', 'Team "A": #1'], 'customers'],
  ['the demo', ['init', '--from', 'demo'], 'suppliers'],
] as const)('what init writes for %s has no error, and is never written over', async ([, words, pair]) => {
  const cwd = await emptyFolder();
  const ran = await running({ words: [...words, '--json'], cwd });
  expect(ran.exit).toBe(0);
  fits('init', ran);
  const checked = await running({ words: ['check', '--json'], cwd });
  expect(checked.exit).toBe(0);
  fits('check', checked);
  expect(checked.lines()).toMatchObject([{ data: { pairs: [{ pair }] } }]);
  const before = await readFile(join(cwd, 'connections.yaml'), 'utf8');
  expect((await running({ words, cwd })).exit).toBe(64);
  expect(await readFile(join(cwd, 'connections.yaml'), 'utf8')).toBe(before);
});

test.for([
  ['a pair without sides', ['init', 'customers']],
  ['a side without a key', ['init', 'a', '--left', 'crm=postgres:t', '--right', 'erp=csv:a.csv:id']],
  ['an unknown connector', ['init', 'a', '--left', 'crm=oracle:t:id', '--right', 'erp=csv:a.csv:id']],
  ['a name that climbs', ['init', '../a', '--left', 'crm=csv:t:id', '--right', 'erp=csv:a.csv:id']],
] as const)('init writes nothing for %s', async ([, words]) => {
  const cwd = await emptyFolder();
  const ran = await running({ words, cwd });
  expect(ran.exit).toBe(64);
  expect((await running({ words: ['check'], cwd })).exit).toBe(3);
});

test('check finds the folder from below, prints problems with places, and says 3', async () => {
  const cwd = await emptyFolder();
  await running({ words: init, cwd });
  const file = join(cwd, 'pairs', 'customers.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('owner:', 'ownr:'));
  const ran = await running({ words: ['check'], cwd: join(cwd, 'pairs') });
  expect(ran.exit).toBe(3);
  expect(ran.out).toMatch(/^pairs\/customers\.yaml:\d+:\d+ {2}error {2}config\.unknown_key/m);
  const github = await running({ words: ['check', '--format', 'github'], cwd });
  expect(github.out).toMatch(/^::error file=pairs\/customers\.yaml,line=\d+,/m);
});

test('discover keeps what it read where check and editors look for it', async () => {
  const cwd = await emptyFolder();
  await running({ words: init, cwd });
  const asked: string[] = [];
  const ran = await running({
    words: ['discover', 'erp', '--json'],
    cwd,
    machinery: {
      describe: ({ connection, object, key }) => {
        asked.push(`${connection}/${object} ${key.join()}`);
        const field = { name: 'id', type: 'text', writable: true, nullable: false };
        return Promise.resolve({
          object,
          key: [...key],
          fields: [field],
          writeClass: 'W1',
          createClass: 'C2',
          reads: 'feed',
          deletes: 'listing',
          fingerprint: 'f',
        });
      },
    },
  });
  expect(ran.exit).toBe(0);
  fits('discover', ran);
  expect(asked).toEqual(['erp/customers.csv id']);
  const checked = await running({ words: ['check'], cwd });
  expect(checked.exit).toBe(3);
  expect(checked.out).toContain('config.unknown_field');
});

test('discover asks with the key of the file also when something else in the file is wrong', async () => {
  const cwd = await emptyFolder();
  await running({ words: init, cwd });
  const file = join(cwd, 'pairs', 'customers.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('owner:', 'ownr:'));
  const asked: string[] = [];
  const describe = ({ object, key }: { readonly object: string; readonly key: readonly string[] }) => {
    asked.push(`${object} ${key.join()}`);
    return Promise.reject(new ParleyError('connector.unreachable', 'Away.'));
  };
  await running({ words: ['discover', 'erp'], cwd, machinery: { describe } });
  expect(asked).toEqual(['customers.csv id']);
});

test('a system that does not answer is exit code 6, and nothing is written', async () => {
  const cwd = await emptyFolder();
  await running({ words: init, cwd });
  const away = () => Promise.reject(new ParleyError('connector.unreachable', 'The CRM does not answer.'));
  const ran = await running({ words: ['discover'], cwd, machinery: { describe: away } });
  expect(ran.exit).toBe(6);
  await expect(readFile(join(cwd, '.parley', 'schema', 'crm.json'))).rejects.toThrow('ENOENT');
});

const found = (name: string, ok: boolean): Check => ({ name, ok, detail: 'seen', fix: ok ? null : 'mend it' });
test.for([
  ['nothing', [found('node', true)], 0],
  ['something that does not answer', [found('node', true), found('postgres', false)], 6],
  ['something else', [found('node', false), found('postgres', false)], 1],
] as const)('doctor: %s is wrong', async ([, checks, exit]) => {
  const examine = () => Promise.resolve(checks);
  const cwd = await emptyFolder();
  const ran = await running({ words: ['doctor'], cwd, machinery: { examine } });
  expect(ran.exit).toBe(exit);
  expect(ran.out.includes('fix: mend it')).toBe(exit !== 0);
  fits('doctor', await running({ words: ['doctor', '--json'], cwd, machinery: { examine } }));
});

const up = { url: 'http://127.0.0.1:1', token: 'the-token', temporal: 't', dataFolder: 'd', logs: 'l' };
test.for([
  ['stopped', 0],
  ['interrupted', 130],
] as const)('dev prints addresses and token, and ends with its own code when it was %s', async ([ended, exit]) => {
  const cwd = await emptyFolder();
  const wishes: DevWish[] = [];
  const dev = (wish: DevWish) => {
    wishes.push(wish);
    wish.onStep({ part: 'postgres', state: 'ready', detail: 'port 1' });
    wish.onUp(up);
    wish.onStopping(1);
    return Promise.resolve(ended);
  };
  const ran = await running({ words: ['dev', '--port', '7500'], cwd, machinery: { dev } });
  expect(ran.exit).toBe(exit);
  expect(ran.out).toContain('the-token');
  expect(ran.err).toContain('postgres');
  expect(wishes[0]).toMatchObject({ folder: cwd, apiPort: 7500 });
});

test.for([
  [true, 0],
  [false, 1],
] as const)('a demo whose proof is %s ends with %i', async ([ok, exit]) => {
  const demo = (wish: DemoWish) => {
    wish.say('Two real stores.');
    return Promise.resolve({ ok, interrupted: false });
  };
  const cwd = await emptyFolder();
  const ran = await running({ words: ['demo', '--once'], cwd, machinery: { demo } });
  expect(ran).toMatchObject({ exit, out: 'Two real stores.\n' });
});

test('serve runs the part that was named', async () => {
  const parts: string[] = [];
  const serve = (part: string) => Promise.resolve(void parts.push(part));
  for (const part of ['api', 'worker', 'migrate']) {
    expect((await running({ words: ['serve', part], cwd: await emptyFolder(), machinery: { serve } })).exit).toBe(0);
  }
  expect(parts).toEqual(['api', 'worker', 'migrate']);
});

test('a folder can be named from anywhere', async () => {
  const cwd = await emptyFolder();
  await mkdir(join(cwd, 'shop'));
  await running({ words: [...init, '--folder', 'shop'], cwd });
  expect((await running({ words: ['check', '--folder', 'shop'], cwd })).exit).toBe(0);
  expect((await running({ words: ['check'], cwd, env: { PARLEY_CONFIG: join(cwd, 'shop') } })).exit).toBe(0);
  expect((await running({ words: ['check'], cwd })).exit).toBe(3);
});
