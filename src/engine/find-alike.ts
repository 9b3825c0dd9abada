import { comparedUnits, traitsOf, type Chance, type Traits } from '../core/identity/evidence.js';
import { judge, type Candidate, type Verdict } from '../core/identity/judge.js';
import type { EntityId, SideName } from '../core/ids.js';
import type { Snapshot } from '../core/record.js';
import type { PairRules } from '../core/rules.js';
import type { MatchText } from './match-store.js';
import { textsOf, traitsOfSnapshot } from './match-texts.js';
import type { Page } from './page.js';
import type { PairTransaction } from './store.js';

/** Records that other rules found nothing for, by key; each with its traits. */
type Seeker = { readonly snapshot: Snapshot; readonly traits: Traits };

/** A text that this many records hold finds nobody: it would bring up a random few of them. */
const holdersMax = 200;
/** With fewer records than this a value is not rare because it was seen once. */
const recordsLeast = 100;

/**
 * What rules of likeness make of records without a counterpart (semantics §1.12). Candidates are entities without a
 * record on this side that share enough of a text with the record (pg_trgm, one unit at a time, so that one
 * misspelled unit hides nothing); how common a value is, is counted where it is looked for. Three statements a page,
 * none when no rule compares.
 */
export async function findAlike(
  transaction: PairTransaction,
  page: Page,
  rules: PairRules,
  side: SideName,
  snapshots: readonly Snapshot[],
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  if (comparedUnits(rules).length === 0 || snapshots.length === 0) return verdicts;
  const seekers = snapshots.map((snapshot): Seeker => ({ snapshot, traits: traitsOfSnapshot(rules, side, snapshot) }));
  const counts = await countTexts(transaction, seekers);
  const wanted = seekers.flatMap(({ traits }, nr) =>
    textsOf(traits)
      .filter((text) => (counts.get(nameOf(text)) ?? 0) <= holdersMax)
      .map((text) => ({ ...text, nr })),
  );
  const found = new Map<number, EntityId[]>();
  for (const { nr, entity } of await transaction.entitiesAlike(side, wanted))
    found.set(nr, [...(found.get(nr) ?? []), entity]);
  const ids = [...new Set([...found.values()].flat())].filter((id) => page.state(id) === undefined);
  if (ids.length > 0) page.load(await transaction.entitiesByIds(ids));
  const records = Math.max(recordsLeast, transaction.pair.nextEntity);
  const chance: Chance = (unit, text) => Math.min(1, Math.max(1, counts.get(nameOf({ unit, text })) ?? 0) / records);
  for (const [nr, { snapshot, traits }] of seekers.entries()) {
    const candidates = (found.get(nr) ?? []).flatMap((entity) => candidateOf(page, rules, entity));
    verdicts.set(snapshot.key, judge(rules, traits, candidates, chance));
  }
  return verdicts;
}

async function countTexts(
  transaction: PairTransaction,
  seekers: readonly Seeker[],
): Promise<ReadonlyMap<string, number>> {
  const texts = [
    ...new Map(seekers.flatMap(({ traits }) => textsOf(traits)).map((text) => [nameOf(text), text])).values(),
  ];
  const rows = await transaction.textCounts(texts);
  return new Map(rows.map(({ nr, count }) => [nameOf(texts[nr - 1] as MatchText), count]));
}

function nameOf({ unit, text }: MatchText): string {
  return `${unit} ${text}`;
}

function candidateOf(page: Page, rules: PairRules, entity: EntityId): readonly Candidate[] {
  const state = page.state(entity);
  if (state === undefined || state.presence.kind !== 'live') return [];
  const traits: { [side: SideName]: Traits } = {};
  for (const { name } of rules.sides) {
    const shadow = state.sides[name];
    if (shadow?.presence === 'present') traits[name] = traitsOf(rules, name, shadow.raws);
  }
  return [{ entity, traits }];
}
