import type { Reporter, SerializedError, TestModule } from 'vitest/node';

type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number };

/**
 * The last line of a test run, alone on its line and without colour: `N passed, N failed`, then `, N skipped` when
 * there are any. A file that could not be loaded and an error outside every test count as failed. A run in which
 * nothing passed and nothing failed did not test anything: the run itself is then the one that failed.
 */
export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tally = count(modules, unhandled.length);
    const testedNothing = tally.passed + tally.failed === 0;
    if (testedNothing) process.exitCode = 1;
    process.stdout.write(`${tallyLine(testedNothing ? { ...tally, failed: 1 } : tally)}\n`);
  }
}

function tallyLine({ passed, failed, skipped }: Tally): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

function count(modules: readonly TestModule[], unhandled: number): Tally {
  let passed = 0;
  let failed = unhandled;
  let skipped = 0;
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state === 'failed') failedHere += 1;
      else skipped += 1;
    }
    // A hook or the file itself may fail while no test does.
    failed += failedHere === 0 && module.state() === 'failed' ? 1 : failedHere;
  }
  return { passed, failed, skipped };
}
