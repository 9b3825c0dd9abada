import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Adds to the lockfile the native builds for other systems that its packages name but that the registry in use does
 * not carry. `npm install` leaves such builds out without a word, and `npm ci` then refuses the lockfile everywhere
 * (npm/cli #9846). They get no checksum, since there is nothing to take it from; what is there is left alone.
 */
type LockEntry = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: { readonly [name: string]: string };
};
type Lockfile = { packages: { [path: string]: LockEntry } };

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
const known = new Set(Object.keys(lock.packages).map(nameOf));

const added = Object.values(lock.packages).flatMap((parent) =>
  Object.entries(parent.optionalDependencies ?? {})
    .filter(([name]) => !known.has(name))
    .map(([name, version]) => [`node_modules/${name}`, entryOf(name, version, parent)] as const),
);
lock.packages = Object.fromEntries(
  [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, 'en')),
);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lockfile: ${added.length} builds added`);

function nameOf(location: string): string {
  return location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function entryOf(name: string, version: string, parent: LockEntry): LockEntry & { readonly [field: string]: unknown } {
  const words = name.split(/[/-]/);
  const system = words.find((word) => ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'].includes(word));
  const cpu = words.find((word) => ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'].includes(word));
  if (system === undefined || cpu === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`${name}@${version} is optional and absent, but is not a build for one system: look at it by hand`);
  }
  const libc = words.includes('gnu') ? 'glibc' : words.includes('musl') ? 'musl' : undefined;
  return {
    version,
    cpu: [cpu],
    ...(parent.dev === true && { dev: true }),
    ...(libc !== undefined && system === 'linux' && { libc: [libc] }),
    ...(parent.license !== undefined && { license: parent.license }),
    optional: true,
    os: [system],
  };
}
