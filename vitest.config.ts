import { defineConfig } from 'vitest/config';
import { TallyReporter } from './tools/tally-reporter.js';

const slowerTests = ['test/**/*.files.test.ts', 'test/**/*.pg.test.ts', 'test/**/*.stack.test.ts'];

/**
 * Four tiers, told apart by the suffix of the file: quick, with real files and sockets, with Postgres, with Temporal too.
 * One run covers them all, one group after the other, so that two cores are not asked to do everything at once.
 */
export default defineConfig({
  test: {
    reporters: ['default', new TallyReporter()],
    passWithNoTests: false,
    // All cores for the tiers whose files run side by side: left alone, one core stays idle.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: slowerTests,
          pool: 'forks',
          // A test takes milliseconds; a machine that others use too takes its time.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'files',
          include: ['test/**/*.files.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'pg',
          include: ['test/**/*.pg.test.ts'],
          pool: 'forks',
          globalSetup: ['test/support/global-postgres.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'stack',
          include: ['test/**/*.stack.test.ts'],
          pool: 'forks',
          globalSetup: ['test/support/global-stack.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // Each file runs workers and workflows of its own against one Temporal server: side by side they starve.
          fileParallelism: false,
          // Real servers on a busy machine miss a deadline now and then; what fails twice is broken.
          retry: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
