import type { PairId } from '../../core/ids.js';
import { questionKinds } from '../../core/question.js';
import type { PairRules } from '../../core/rules.js';
import { standings } from '../../core/standing.js';
import type { PairStatus } from '../../engine/read-model.js';
import type { ConflictKind, Standing } from '../../engine/store.js';
import type { Database, Rows, Sql } from '../client.js';
import { pairRow, type RawPair, selectPairs } from './pairs.js';
import { planColumns, planRow, type RawPlan } from './plans.js';
import { type RawRun, runColumns, runRow } from './runs.js';
import { selectClock } from './transaction.js';

type Counted<Name extends string> = { pair: PairId; name: Name; count: number };
type Rules = Pick<RawPair, 'pair'> & { rules: string };

const noStandings = Object.fromEntries(standings.map((standing) => [standing, 0])) as Record<Standing, number>;
const noConflicts = Object.fromEntries(questionKinds.map((kind) => [kind, 0])) as Record<ConflictKind, number>;

const ofPair = (sql: Sql, pair: PairId | null) => (pair === null ? sql`true` : sql`pair = ${pair}`);

/** The revision that decides, or the newest while none was approved. */
function selectRules(sql: Sql, pair: PairId | null): Rows<Rules> {
  return sql`
    select revisions.pair, revisions.rules
    from pairs join revisions
      on revisions.pair = pairs.pair and revisions.id = coalesce(pairs.revision, pairs.latest_revision)
    where ${pair}::text is null or pairs.pair = ${pair}`;
}

function selectLastRuns(sql: Sql, pair: PairId | null): Rows<RawRun> {
  return sql`
    select last.* from pairs cross join lateral (
      select ${runColumns(sql)} from runs where runs.pair = pairs.pair order by id desc limit 1
    ) as last
    where ${pair}::text is null or pairs.pair = ${pair}`;
}

/** The newest plan that somebody works on or that waits for approval. */
function selectPlansUnderWay(sql: Sql, pair: PairId | null): Rows<RawPlan> {
  return sql`
    select distinct on (pair) ${planColumns(sql)} from plans
    where ${ofPair(sql, pair)} and state in ('reading', 'deciding', 'ready', 'applying')
    order by pair, id desc`;
}

/** The status of one pair or of all, as of one moment; a fixed number of statements, none of which reads the records. */
export async function selectStatuses(database: Database, pair: PairId | null): Promise<readonly PairStatus[]> {
  const [rows, rules, counts, waiting, conflicts, runs, setAside, plans, clock] = await database.snapshot((sql) =>
    Promise.all([
      selectPairs(sql, pair),
      selectRules(sql, pair),
      sql<Counted<Standing>[]>`
        select pair, standing as name, records as count from standing_counts where ${ofPair(sql, pair)}`,
      sql<{ pair: PairId; oldest_ms: number }[]>`
        select pair, (extract(epoch from min(created_at)) * 1000)::bigint as oldest_ms from deliveries
        where ${ofPair(sql, pair)} and state <> 'done' group by pair`,
      sql<Counted<ConflictKind>[]>`
        select pair, kind as name, count(*) from conflicts
        where ${ofPair(sql, pair)} and state = 'open' group by pair, kind`,
      selectLastRuns(sql, pair),
      sql<{ pair: PairId; count: number }[]>`
        select pair, count(*) from set_aside_rows where ${ofPair(sql, pair)} group by pair`,
      selectPlansUnderWay(sql, pair),
      selectClock(sql),
    ]),
  );
  return rows.map((raw) => {
    const own = <Row extends { pair: PairId }>(list: readonly Row[]): Row[] =>
      list.filter((row) => row.pair === raw.pair);
    const [run] = own(runs);
    const [plan] = own(plans);
    return {
      row: pairRow(raw),
      ...described(own(rules)[0]),
      standings: { ...noStandings, ...counted(own(counts)) },
      oldestUndeliveredMs: own(waiting)[0]?.oldest_ms ?? null,
      openConflicts: { ...noConflicts, ...counted(own(conflicts)) },
      lastRun: run === undefined ? null : runRow(run),
      setAside: own(setAside)[0]?.count ?? 0,
      openPlan: plan === undefined ? null : planRow(plan),
      nowMs: clock[0]?.now_ms ?? 0,
    };
  });
}

function counted<Name extends string>(rows: readonly Counted<Name>[]): Partial<Record<Name, number>> {
  return Object.fromEntries(rows.map(({ name, count }) => [name, count])) as Partial<Record<Name, number>>;
}

function described(raw: Rules | undefined): Pick<PairStatus, 'owner' | 'about' | 'everyMs' | 'sides'> {
  if (raw === undefined) return { owner: '', about: '', everyMs: 0, sides: [] };
  const { owner, about, run, sides } = JSON.parse(raw.rules) as PairRules;
  return {
    owner,
    about,
    everyMs: run.everyMs,
    sides: sides.map(({ name, connection, object }) => ({ name, connection, object })),
  };
}
