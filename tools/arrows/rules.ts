/**
 * Which folder may know which. A zone is a folder; the first zone whose folder holds a file is that file's zone.
 * `may` and `mayAsType` name zones, or single files; a zone may always import itself unless `siblings` is 'strangers'.
 * `packages` are npm packages and `node:` modules; `*` at the end stands for the rest of the name.
 */
export type Zone = {
  readonly folder: string;
  readonly may: readonly string[];
  /** Allowed with `import type` only, which leaves nothing in the compiled file. */
  readonly mayAsType?: readonly string[];
  readonly packages: PackageRule;
  /** 'strangers': the folders right below never see each other, and no file sees the ones `roots` names. */
  readonly siblings?: 'strangers';
  readonly roots?: readonly string[];
  /** The zone may hold no module yet without the check failing. */
  readonly optional?: true;
};

export type PackageRule =
  | { readonly only: readonly string[] }
  | { readonly anyBut: readonly string[] }
  /** Each of these may be imported by one file of the zone: its wrapper. */
  | { readonly wrapped: readonly string[] };

export type Rules = {
  readonly zones: readonly Zone[];
  /** Files that may hand on the exports of others. */
  readonly barrels: readonly string[];
  /** Fewer modules than this and the check has not seen the repository. */
  readonly modulesAtLeast: number;
};

const enginePorts = [
  'connector',
  'store',
  'ledger-store',
  'retention-store',
  'erasure-store',
  'match-store',
  'plan-rows',
  'reference-store',
  'read-model',
  'ports',
  'engine',
].map((name) => `src/engine/${name}.ts`);
const servers = ['@temporalio/*', 'hono', '@hono/*', 'drizzle-orm', 'commander', '@clack/*'];
const everything = { anyBut: [] };
const adapters = ['src/checkpoints', 'src/connectors', 'src/db', 'src/temporal', 'src/telemetry'];
const belowMain = [
  'src/core',
  'src/contract',
  'src/engine',
  ...adapters,
  'src/api',
  'src/cli',
  'workflows',
  'activities',
];

export const rules: Rules = {
  modulesAtLeast: 150,
  barrels: ['workflows/index.ts', 'activities/index.ts'],
  zones: [
    {
      folder: 'src/core',
      may: [],
      packages: { wrapped: ['fast-json-patch', 'decimal.js', 'node-diff3'] },
    },
    {
      folder: 'src/contract',
      may: ['src/core'],
      mayAsType: enginePorts,
      packages: { only: ['zod', '@hono/zod-openapi', 'yaml', 'fastest-levenshtein', '@marcbachmann/cel-js', 'node:*'] },
    },
    { folder: 'src/engine', may: ['src/core'], packages: { only: [] } },
    {
      folder: 'src/connectors',
      may: ['src/core', 'src/contract', ...enginePorts],
      packages: { anyBut: servers },
      siblings: 'strangers',
      roots: ['src/connectors/registry.ts'],
    },
    { folder: 'src/checkpoints', may: ['src/core', ...enginePorts], packages: { only: ['node:*'] } },
    { folder: 'src/db', may: ['src/core', ...enginePorts], packages: { only: ['drizzle-orm', 'postgres', 'node:*'] } },
    {
      folder: 'src/temporal',
      may: ['src/core', ...enginePorts, 'workflows/messages.ts'],
      mayAsType: ['workflows', 'activities'],
      packages: { only: ['@temporalio/*', 'node:*'] },
    },
    {
      folder: 'src/telemetry',
      may: ['src/core', ...enginePorts],
      packages: { only: ['pino', 'prom-client', '@opentelemetry/*', 'node:*'] },
      optional: true,
    },
    {
      folder: 'src/api',
      may: ['src/engine', 'src/contract', 'src/core'],
      packages: { only: ['hono', '@hono/*', 'zod', 'node:*'] },
    },
    {
      folder: 'src/console',
      may: ['src/contract'],
      mayAsType: ['src/api'],
      packages: { anyBut: [...servers.filter((name) => name !== 'hono'), 'postgres', 'node:*'] },
      optional: true,
    },
    {
      folder: 'src/cli',
      may: ['src/engine', 'src/contract', 'src/core'],
      packages: { anyBut: ['@temporalio/*', 'drizzle-orm', 'postgres', 'hono', '@hono/*'] },
    },
    {
      folder: 'src/dev',
      may: [...belowMain, 'src/console'],
      packages: everything,
    },
    { folder: 'src/main', may: ['src', 'workflows', 'activities'], packages: everything },
    {
      folder: 'workflows',
      may: ['src/core'],
      mayAsType: ['activities'],
      packages: { only: ['@temporalio/workflow'] },
    },
    {
      folder: 'activities',
      may: ['src/engine', 'src/core', 'workflows/messages.ts'],
      packages: { only: ['@temporalio/activity', '@temporalio/common', 'node:timers/promises'] },
    },
    { folder: 'test', may: ['src', 'workflows', 'activities', 'tools', 'bench/report.ts'], packages: everything },
    {
      folder: 'bench',
      may: ['src', 'workflows', 'activities'],
      packages: everything,
      optional: true,
    },
    {
      folder: 'tools',
      may: ['src/core', 'src/contract', 'src/dev', 'src/api', 'src/cli'],
      packages: everything,
      optional: true,
    },
  ],
};
