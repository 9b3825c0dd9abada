import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const document = parseDocument(text, { merge: true });
const service = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  ports: z.array(z.string()).default([]),
  configs: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
});
const compose = z
  .object({ services: z.record(z.string(), service), configs: z.record(z.string(), z.object({ content: z.string() })) })
  .parse(document.toJS());
const services = Object.entries(compose.services);

test('docker-compose.yml parses without errors or warnings', () => {
  expect([...document.errors, ...document.warnings]).toEqual([]);
  expect(services.length).toBeGreaterThan(5);
});

test('every image is pinned and none sets itself up', () => {
  expect(services.filter(([, { image }]) => !/:\d+\.\d+(\.\d+)?/.test(image) || image.includes('auto-setup'))).toEqual(
    [],
  );
});

test('whoever waits for a one-shot job waits for its success', () => {
  const oneShot = new Set(['temporal-schema', 'temporal-namespace', 'migrate']);
  const waits = services.flatMap(([, { depends_on }]) => Object.entries(depends_on));
  expect(waits.length).toBeGreaterThan(5);
  for (const [name, { condition }] of waits) {
    expect(Object.keys(compose.services)).toContain(name);
    expect(condition).toBe(oneShot.has(name) ? 'service_completed_successfully' : 'service_healthy');
  }
});

test('only the migration has the address of the owner', () => {
  const owners = services.filter(([, { environment }]) => environment['DATABASE_OWNER_URL'] !== undefined);
  expect(owners.map(([name]) => name)).toEqual(['migrate']);
});

test('nothing listens beyond this machine', () => {
  const ports = services.flatMap(([, { ports: published }]) => published);
  expect(ports).toEqual(['127.0.0.1:7400:7400']);
});

test('the three parts of Parley are started by the built command', () => {
  const commands = services.filter(([, { image }]) => image.startsWith('parley:')).map(([, { command }]) => command);
  expect(commands).toEqual([
    ['serve', 'migrate'],
    ['serve', 'api'],
    ['serve', 'worker'],
  ]);
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  expect(dockerfile).toContain('ENTRYPOINT ["node", "dist/src/main/cli.js"]');
  expect(dockerfile).toMatch(/^USER node$/m);
});

test('every config that a service mounts is defined, and no password has a default', () => {
  const mounted = services.flatMap(([, { configs }]) => configs.map(({ source }) => source));
  expect(new Set(mounted)).toEqual(new Set(Object.keys(compose.configs)));
  expect(text).not.toMatch(/PASSWORD:-/);
});
