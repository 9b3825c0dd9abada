import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, type Measurement } from './report.js';

const run = promisify(execFile);
const turns = 3;
const sizes = { small: 10_000, large: 50_000 } as const;

/** What a child reports when it is done: `memory-child.ts`. */
export type ChildReport = { readonly records: number; readonly peakMiB: number; readonly seconds: number };

export const memory: Measurement = {
  name: 'memory',
  about: 'peak memory of first contact and a cycle with 10,000 and with 50,000 records, each in a process of its own',
  async run({ say }) {
    const reports: ChildReport[] = [];
    // The sizes take turns. One process says little: when the collector runs moves its peak by a quarter.
    for (let turn = 1; turn <= turns; turn += 1) {
      for (const records of [sizes.small, sizes.large]) {
        say(`${records} records, ${turn} of ${turns}`);
        reports.push(await child(records));
      }
    }
    const peakMiB = (size: number): number =>
      median(reports.filter(({ records }) => records === size).map((report) => report.peakMiB));
    const [small, large] = [peakMiB(sizes.small), peakMiB(sizes.large)];
    return {
      what: `plan, first apply and a full cycle of the registry pair, cut to size; medians of ${turns}`,
      figures: [
        { name: 'peak memory with 10,000 records', value: small, unit: 'MiB' },
        { name: 'peak memory with 50,000 records', value: large, unit: 'MiB' },
        { name: 'ratio', value: large / small, unit: 'x', limit: { most: 1.2 } },
      ],
      runs: reports,
    };
  },
};

/** The child inherits how this process was started, loaders included. */
async function child(records: number): Promise<ChildReport> {
  const script = join(
    import.meta.dirname,
    import.meta.filename.endsWith('.ts') ? 'memory-child.ts' : 'memory-child.js',
  );
  const { stdout } = await run(process.execPath, [...process.execArgv, script, String(records)]);
  return JSON.parse(stdout) as ChildReport;
}
