import type { Contestant, Ring, Say, Setup } from './arena.js';
import type { Probe, Verdict } from './probe.js';

/** What came of one probe for one product. */
export type Score = Verdict & {
  readonly probe: string;
  readonly claim: string;
  /** How the product was set up for it; null when it could not be. */
  readonly configuration: string | null;
  readonly seconds: number;
};

export type Scorecard = {
  readonly contestant: string;
  readonly about: string;
  readonly version: string;
  readonly passed: number;
  /** Probes that apply to it and were tried. */
  readonly of: number;
  readonly scores: readonly Score[];
};

/** A product that was asked for and cannot be had here. */
export type Absent = { readonly contestant: string; readonly about: string; readonly reason: string };

/** Tries every probe on a product that is running. What breaks in a probe of ours is a failure, with the reason. */
export async function scorecardOf(
  contestant: Contestant,
  ring: Ring,
  probes: readonly Probe[],
  say: Say,
): Promise<Scorecard> {
  const scores: Score[] = [];
  for (const probe of probes) {
    say(`${contestant.name}: ${probe.name}`);
    const startedMs = performance.now();
    const { verdict, configuration } = await scoreOf(contestant, ring, probe);
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    say(`${contestant.name}: ${probe.name}: ${verdict.result}, ${verdict.why}`);
    scores.push({ probe: probe.name, claim: probe.claim, configuration, seconds, ...verdict });
  }
  return {
    contestant: contestant.name,
    about: contestant.about,
    version: ring.version,
    passed: scores.filter(({ result }) => result === 'pass').length,
    of: scores.filter(({ result }) => result === 'pass' || result === 'fail').length,
    scores,
  };
}

async function scoreOf(
  { isOurs, notApplicable }: Contestant,
  ring: Ring,
  probe: Probe,
): Promise<{ readonly verdict: Verdict; readonly configuration: string | null }> {
  const reason = notApplicable[probe.name];
  if (reason !== undefined)
    return { verdict: { result: 'not applicable', why: reason, figures: {} }, configuration: null };
  const setup: Setup = { probe: probe.name, ...probe.setup };
  let configuration: string | null = null;
  try {
    const arena = await ring.open(setup);
    configuration = arena.configuration;
    const verdict = await probe.run(arena);
    await arena.close();
    return { verdict, configuration };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = configuration === null ? 'cannot be set up' : 'broke off';
    return { verdict: { result: isOurs ? 'fail' : 'not tried', why: `${what}: ${why}`, figures: {} }, configuration };
  }
}
