import type { RunRules } from '../../core/rules.js';
import { parseLimit, parseTiming } from './durations.js';
import type { Report } from './problems.js';
import { conflictsSchema, deletesSchema, runSchema } from './schema.js';
import { valueAt } from './shape-problems.js';
import { runDefaults } from './words.js';
import type { YamlPath, YamlSource } from './yaml-source.js';

type RunContext = { readonly source: YamlSource; readonly report: Report };

/** When the pair runs and where it stops; warns of every timing word that this version does not execute. */
export function readRun(context: RunContext): RunRules {
  const run = runSchema.safeParse(valueAt(context.source.value, ['run']));
  const deletes = deletesSchema.safeParse(valueAt(context.source.value, ['deletes']));
  const limit = deletes.success ? deletes.data['limit'] : undefined;
  reportNotExecuted(context);
  return {
    everyMs: run.success ? readEvery(context, run.data.every) : runDefaults.everyMs,
    verifyEveryMs: run.success ? readVerify(context, run.data.verify) : runDefaults.verifyEveryMs,
    deleteLimit: limit === undefined ? null : readLimit(context, limit),
  };
}

function readEvery({ source, report }: RunContext, every: string | undefined): number {
  if (every === undefined) return runDefaults.everyMs;
  const path = ['run', 'every'];
  const parsed = parseTiming(every);
  if ('fault' in parsed) reportFault({ source, report }, path, parsed.fault);
  else if (parsed.kind === 'interval') return parsed.ms;
  else {
    report('config.not_available', source.valueRange(path), 'runs at a time of day are not executed by this version', {
      hint: 'write an interval such as 5m or 1d',
    });
  }
  return runDefaults.everyMs;
}

function readVerify({ source, report }: RunContext, verify: string | undefined): number | null {
  if (verify === undefined) return runDefaults.verifyEveryMs;
  if (verify === 'never') return null;
  const path = ['run', 'verify'];
  const parsed = parseTiming(verify);
  if ('fault' in parsed) {
    reportFault({ source, report }, path, parsed.fault);
    return runDefaults.verifyEveryMs;
  }
  if (parsed.kind === 'interval') return parsed.ms;
  report(
    'config.not_available',
    source.valueRange(path),
    'the pair is verified once a day, but this version does not keep the hour',
    {
      severity: 'warning',
      hint: 'write "1d" for the same without this warning',
    },
  );
  return runDefaults.verifyEveryMs;
}

function readLimit(context: RunContext, limit: string): number | null {
  const parsed = parseLimit(limit);
  if (!('fault' in parsed)) return parsed.count;
  const { at, length, message, hint } = parsed.fault;
  context.report('config.bad_limit', context.source.textRange(['deletes', 'limit'], at, length), message, { hint });
  return null;
}

type Fault = { readonly at: number; readonly length: number; readonly message: string; readonly hint: string };

function reportFault({ source, report }: RunContext, path: YamlPath, { at, length, message, hint }: Fault): void {
  report('config.bad_duration', source.textRange(path, at, length), message, { hint });
}

/** These words change when people are told or called, not what is written where; so they warn and do not stop the pair. */
function reportNotExecuted({ source, report }: RunContext): void {
  const run = runSchema.safeParse(valueAt(source.value, ['run']));
  const conflicts = conflictsSchema.safeParse(valueAt(source.value, ['conflicts']));
  const warn = (path: YamlPath, message: string, hint: string): void => {
    report('config.not_available', source.keyRange(path), message, { severity: 'warning', hint });
  };
  if (run.success && run.data.listen === true) {
    warn(
      ['run', 'listen'],
      'changes are polled; this version does not listen for them',
      'a short "every" comes close, such as 5s',
    );
  }
  if (run.success && run.data.quiet !== undefined) {
    warn(
      ['run', 'quiet'],
      'quiet times are not kept by this version: the pair writes at any time',
      'hold the pair by hand in that time',
    );
  }
  if (conflicts.success && conflicts.data.due !== undefined) {
    warn(
      ['conflicts', 'due'],
      'due times are not watched by this version',
      'the review queue shows the age of each question',
    );
  }
  if (valueAt(source.value, ['alerts']) !== undefined) {
    warn(['alerts'], 'alerts are not sent by this version', 'watch the status of the pair instead');
  }
}
