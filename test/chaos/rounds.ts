import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Interrupted } from './interruption.js';
import { type ChaosWish, type Outcome, runChaos } from './run.js';

export type RoundsWish = Omit<ChaosWish, 'onKill'> & {
  /** Kills of one round: then everything heals, is checked, and the next round begins with a new stack. */
  readonly round: number;
  /** Where finished rounds are kept, so that a run that was interrupted goes on with the next one. */
  readonly report: string | null;
  /** Called when the run is interrupted, with the rounds that are finished and the kills of the one that has no verdict. */
  readonly onInterrupt: (finished: readonly Outcome[], killsWithoutVerdict: number) => void;
};

type Report = {
  /** What makes two runs the same one. */
  readonly of: { readonly [name: string]: number };
  readonly finished: readonly Outcome[];
  /** What the round that was under way had done; its verdict is missing. */
  readonly underWay: { readonly kills: number; readonly last: string } | null;
};

/** All rounds, each with its own seed. @throws Error when the report is one of another run */
export async function runRounds(wish: RoundsWish, run = runChaos): Promise<readonly Outcome[]> {
  const { kills, seed, round, report, say, onInterrupt, ...rest } = wish;
  const of = { kills, seed, round, pairs: rest.pairs, workers: rest.workers, records: rest.records };
  const finished = [...finishedIn(report, of)];
  const save = (underWay: Report['underWay']): void => {
    if (report === null) return;
    writeFileSync(`${report}.new`, `${JSON.stringify({ of, finished, underWay } satisfies Report, null, 2)}\n`);
    renameSync(`${report}.new`, report);
  };
  const rounds = Math.ceil(kills / round);
  if (finished.length > 0) say(`${finished.length} of ${rounds} rounds are in ${report}`);
  while (finished.length < rounds) {
    const at = finished.length;
    if (rounds > 1) say(`round ${at + 1} of ${rounds}`);
    const size = Math.min(round, kills - at * round);
    const attempt = async (): Promise<Outcome> => {
      let begun = 0;
      const onKill = (done: number, last: string): void => {
        begun = done;
        save({ kills: done, last });
      };
      try {
        return await run({ ...rest, say, seed: seed + at, kills: size, onKill });
      } catch (error) {
        if (error instanceof Interrupted) onInterrupt(finished, begun);
        throw error;
      }
    };
    finished.push(await twice(attempt, say));
    save(null);
  }
  return finished;
}

/**
 * A round that ended without a verdict begins again once, so that a night's run goes on; it is not a clean one all the same.
 * @throws Interrupted, and what ended it the second time
 */
async function twice(attempt: () => Promise<Outcome>, say: (text: string) => void): Promise<Outcome> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const why = `verdict: the round first ended without one: ${error instanceof Error ? error.message : String(error)}`;
    say(`${why}; it begins again`);
    const outcome = await attempt();
    return { ...outcome, violations: [why, ...outcome.violations] };
  }
}

function finishedIn(report: string | null, of: Report['of']): readonly Outcome[] {
  if (report === null || !existsSync(report)) return [];
  const found = JSON.parse(readFileSync(report, 'utf8')) as Report;
  if (JSON.stringify(found.of) !== JSON.stringify(of))
    throw new Error(`${report} is the report of another run: ${JSON.stringify(found.of)}`);
  return found.finished;
}
