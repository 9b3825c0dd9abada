import type { SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { isBlank } from '../core/mapping/equality.js';
import type { PairRules } from '../core/rules.js';
import { settle } from '../core/settle.js';
import type { EntityState } from '../core/state.js';
import { answer, currentVector } from './answer-question.js';
import { conflictOf, decideOn, reviewPage } from './decide-conflict.js';
import type { Choice, DecideAlikeInput, DecideAlikeResult, EnginePorts } from './engine.js';
import { activeRevision } from './revision.js';
import type { ConflictRow } from './store.js';

/**
 * The same answer for every open question of one shape. A dry run decides in memory and counts; rows that changed since
 * they were asked are left out and counted, never guessed.
 */
export async function decideAlike(ports: EnginePorts, input: DecideAlikeInput): Promise<DecideAlikeResult> {
  const like = await conflictOf(ports, input.like);
  const { rules } = await activeRevision(ports, await ports.store.pair(like.pair));
  const total = {
    alike: 0,
    leftOut: 0,
    replaced: 0,
    blanked: 0,
    writes: {} as { [side: SideName]: number },
    sample: [] as ConflictRow[],
  };
  let after: string | null = null;
  do {
    const { rows, next } = await ports.readModel.conflicts(
      { pair: like.pair, state: 'open', kind: like.kind, unit: like.unit, shape: like.shape },
      { after, limit: 500 },
    );
    total.alike += rows.length;
    for (const row of rows) if (total.sample.length < 12) total.sample.push(row);
    if (input.dryRun) await preview(ports, rules, rows, input.choice, total);
    else await decideRows(ports, rules, rows, input, total);
    after = next;
  } while (after !== null);
  if (!input.dryRun && total.alike > 0) await ports.runner.poke(like.pair);
  return total;
}

type Total = { leftOut: number; replaced: number; blanked: number; writes: { [side: SideName]: number } };

async function decideRows(
  ports: EnginePorts,
  rules: PairRules,
  rows: readonly ConflictRow[],
  input: DecideAlikeInput,
  total: Total,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  await ports.store.transact(first.pair, async (transaction) => {
    const page = reviewPage(ports, transaction, rules);
    const open = new Map(
      (await transaction.openConflicts(rows.map(({ entity }) => entity))).map((row) => [row.id, row]),
    );
    await page.fetch(rows.map(({ entity }) => entity));
    for (const { id } of rows) {
      const row = open.get(id);
      const before = row === undefined ? undefined : page.state(row.entity);
      if (row === undefined || before === undefined || currentVector(before, row) !== row.vv) {
        total.leftOut += 1;
        continue;
      }
      await decideOn(transaction, {
        page,
        rules,
        conflict: row,
        choice: input.choice,
        by: { name: input.by, note: input.note },
      });
      countWrites(before, page.state(row.entity), total);
    }
    await page.commit();
  });
}

/** What deciding would write, computed on the stored states and thrown away: the transaction commits nothing. */
async function preview(
  ports: EnginePorts,
  rules: PairRules,
  rows: readonly ConflictRow[],
  choice: Choice,
  total: Total,
): Promise<void> {
  await ports.store.transact(rules.pair, async (transaction) => {
    const page = reviewPage(ports, transaction, rules);
    await page.fetch(rows.map(({ entity }) => entity));
    for (const row of rows) {
      const before = page.state(row.entity);
      if (before === undefined || currentVector(before, row) !== row.vv) {
        total.leftOut += 1;
        continue;
      }
      const { state } = answer({ page, rules, conflict: row, choice, by: { name: 'preview', note: null } }, before);
      countWrites(before, settle(row.entity, state, page.hub, 'write').state, total);
    }
  });
}

function countWrites(before: EntityState, after: EntityState | undefined, total: Total): void {
  for (const [name, shadow] of Object.entries(after?.sides ?? {})) {
    const side = name as SideName;
    const intent = shadow.intent;
    if (intent == null || before.sides[side]?.intent != null) continue;
    total.writes[side] = (total.writes[side] ?? 0) + 1;
    for (const [unit, { raw }] of Object.entries(intent.units) as unknown as readonly [
      UnitName,
      { readonly raw: Json },
    ][]) {
      const old = before.sides[side]?.raws[unit] ?? null;
      if (isBlank(old)) continue;
      total.replaced += 1;
      if (isBlank(raw)) total.blanked += 1;
    }
  }
}
