import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

/** One number of a measurement, with the limit it is held to, if any. */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: { readonly least?: number; readonly most?: number };
};

export type Measured = {
  /** What was done, in a sentence. */
  readonly what: string;
  readonly figures: readonly Figure[];
  /** The single runs behind the figures. */
  readonly runs?: readonly { readonly [name: string]: number }[];
  /** The part of the work that cost most, for whoever wants to make it faster. */
  readonly costs?: readonly { readonly [name: string]: string | number }[];
};

/** A measurement, given numbers from the command line. */
export type Measurement = {
  readonly name: string;
  readonly about: string;
  run(options: { readonly say: (text: string) => void; readonly args: readonly string[] }): Promise<Measured>;
};

export type Report = Measured & {
  readonly name: string;
  readonly at: string;
  readonly command: string;
  readonly commit: string;
  readonly machine: ReturnType<typeof machine>;
  /** Load average of the last minute; without company a measurement itself makes it about two. */
  readonly load: { readonly before: number; readonly after: number };
};

export async function measure(
  measurement: Measurement,
  args: readonly string[],
  say: (text: string) => void,
): Promise<Report> {
  const [before = 0] = loadavg();
  const at = new Date().toISOString();
  const measured = await measurement.run({ say, args });
  const [after = 0] = loadavg();
  const { name } = measurement;
  const command = ['npm run bench --', name, ...args].join(' ');
  return { name, at, command, commit: sourceCommit(), machine: machine(), load: { before, after }, ...measured };
}

/** What the figures were taken on. */
export function machine() {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}

/** The commit that was measured, and whether its sources were changed since. */
export function sourceCommit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no', 'src', 'workflows', 'activities') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

export function isKept({ value, limit }: Figure): boolean {
  return value >= (limit?.least ?? Number.NEGATIVE_INFINITY) && value <= (limit?.most ?? Number.POSITIVE_INFINITY);
}

export function printReport(report: Report): void {
  console.log(`${report.name}: ${report.what}`);
  for (const figure of report.figures) {
    const { name, value, unit, limit } = figure;
    const bound =
      limit === undefined
        ? ''
        : `  (${limit.least === undefined ? `at most ${limit.most}` : `at least ${limit.least}`}: ${isKept(figure) ? 'kept' : 'MISSED'})`;
    console.log(`  ${name.padEnd(46)} ${readable(value).padStart(10)} ${unit}${bound}`);
  }
  const { cpu, cores, node } = report.machine;
  const { before, after } = report.load;
  console.log(`  ${cores} x ${cpu}, Node ${node}, load ${before.toFixed(1)} before and ${after.toFixed(1)} after`);
}

function readable(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) < 1 ? 4 : 2);
}

/** Keeps what was measured beside the code: one file a day and name. */
export async function saveResult(report: { readonly name: string; readonly at: string }): Promise<string> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${report.at.slice(0, 10)}-${report.name}.json`);
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
