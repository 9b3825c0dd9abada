import type { EntityId, PairId, RecordKey, SideName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { putValue, readUnit, sameRaw, waitsOn } from '../core/mapping/mapping.js';
import { unpack } from '../core/pack.js';
import type { NativeFieldMap } from '../core/record.js';
import { registerOf } from '../core/register.js';
import type { PairRules, UnitRules } from '../core/rules.js';
import { standingOf } from '../core/standing.js';
import type { EntityState } from '../core/state.js';
import type { Connector } from './connector.js';
import type { EnginePorts, Verification } from './engine.js';
import { ParentLookup } from './parent-lookup.js';
import { activeRevision } from './revision.js';
import type { StoredEntity } from './store.js';

const pageSize = 5_000;
const shownMax = 100;

type Finding = Verification['unexplained'][number];
type Sides = ReadonlyMap<SideName, { readonly connector: Connector; seen: number }>;

/**
 * Compares both systems as they are now, record by record, with what was agreed. Every difference has one reason:
 * where its entity stands, or `not_read_yet` when the side changed since it was last read. What has no reason is
 * unexplained, and only that raises an alarm. Reads only; memory is a page.
 */
export async function verifySystems(
  ports: EnginePorts,
  input: { pair: PairId },
  progress: (done: number) => void,
): Promise<Verification> {
  const started = await ports.store.nowMs();
  const pair = await ports.store.pair(input.pair);
  const revision = await activeRevision(ports, pair);
  const sides: Sides = new Map(
    await Promise.all(
      revision.rules.sides.map(
        async (side) => [side.name, { connector: await ports.connectors.open(revision, side), seen: 0 }] as const,
      ),
    ),
  );
  const parents = new ParentLookup((other, places) => ports.store.parents(other, places));
  const tally = new Tally(parents.rules(revision.rules));
  let after: EntityId | null = null;
  for (;;) {
    const page: readonly StoredEntity[] = await ports.store.entities(input.pair, {
      after,
      limit: pageSize,
      standings: null,
    });
    const states = page.map(({ state }) => unpack(state));
    await parents.load(revision.rules, states);
    await comparePage(states, sides, tally);
    progress(tally.compared);
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) break;
    after = last.id;
  }
  // A listing of keys cannot tell which of them the file means.
  const isScoped = new Set(revision.rules.sides.filter(({ only = [] }) => only.length > 0).map(({ name }) => name));
  for (const [side, { connector, seen }] of sides)
    if (!isScoped.has(side)) tally.unread(side, (await countKeys(connector)) - seen);
  await ports.store.transact(input.pair, (transaction) =>
    transaction.commit({ pair: { ...transaction.pair, lastVerifyAtMs: transaction.nowMs } }),
  );
  return tally.result((await ports.store.nowMs()) - started);
}

async function comparePage(states: readonly EntityState[], sides: Sides, tally: Tally): Promise<void> {
  const fresh = new Map<SideName, ReadonlyMap<RecordKey, NativeFieldMap>>();
  for (const [side, system] of sides) {
    // Archived records are compared with nothing, and are not new either.
    const keys = states.flatMap(({ sides: { [side]: shadow } }) =>
      shadow?.presence === 'present' || shadow?.presence === 'archived' ? [shadow.key] : [],
    );
    const records = keys.length === 0 ? [] : await system.connector.readByKeys(keys);
    system.seen += records.length;
    fresh.set(side, new Map(records.map(({ key, fields }) => [key, fields])));
  }
  for (const state of states) tally.compare(state, fresh);
}

/** Counts entities by the one reason for which their sides differ. */
class Tally {
  readonly #rules: PairRules;
  readonly #differences: { [reason: string]: number } = {};
  readonly #unexplained: Finding[] = [];
  #unexplainedCount = 0;
  #agree = 0;
  compared = 0;

  constructor(rules: PairRules) {
    this.#rules = rules;
  }

  compare(state: EntityState, fresh: ReadonlyMap<SideName, ReadonlyMap<RecordKey, NativeFieldMap>>): void {
    const standing = standingOf(state, this.#rules);
    if (standing === 'gone') return;
    this.compared += 1;
    const difference = this.#differenceOf(state, fresh);
    // A record that a side does not have agrees with nothing, whatever the others hold.
    const isEverywhere = this.#rules.sides.every(({ name }) => state.sides[name]?.presence === 'present');
    if (difference === null && isEverywhere) {
      this.#agree += 1;
      return;
    }
    if (difference?.isNew === true) this.#add('not_read_yet');
    else if (standing !== 'agreed') this.#add(standing);
    else if (difference !== null) this.#alarm(difference.finding);
  }

  unread(side: SideName, count: number): void {
    if (count > 0) this.#add(`new_in_${side}`, count);
  }

  #differenceOf(
    state: EntityState,
    fresh: ReadonlyMap<SideName, ReadonlyMap<RecordKey, NativeFieldMap>>,
  ): { isNew: boolean; finding: Finding } | null {
    for (const { name: side } of this.#rules.sides) {
      const shadow = state.sides[side];
      if (shadow?.presence !== 'present') continue;
      const fields = fresh.get(side)?.get(shadow.key);
      if (fields === undefined)
        return { isNew: true, finding: { side, key: shadow.key, unit: null, what: 'the record is missing' } };
      for (const unit of this.#rules.units) {
        const raw = readUnit(unit, side, fields);
        if (raw === undefined || unit.paths[side] === undefined) continue;
        const known = shadow.raws[unit.name];
        if (known === undefined || !sameRaw(unit, side, raw, known))
          return {
            isNew: true,
            finding: { side, key: shadow.key, unit: unit.name, what: 'the side changed since it was read' },
          };
        if (!agreesWith(unit, side, state, raw))
          return {
            isNew: false,
            finding: { side, key: shadow.key, unit: unit.name, what: 'the side does not hold the agreed value' },
          };
      }
    }
    return null;
  }

  #add(reason: string, count = 1): void {
    this.#differences[reason] = (this.#differences[reason] ?? 0) + count;
  }

  #alarm(finding: Finding): void {
    this.#unexplainedCount += 1;
    if (this.#unexplained.length < shownMax) this.#unexplained.push(finding);
  }

  result(ms: number): Verification {
    const differences =
      this.#unexplainedCount === 0 ? this.#differences : { ...this.#differences, unexplained: this.#unexplainedCount };
    return {
      ok: this.#unexplainedCount === 0,
      compared: this.compared,
      agree: this.#agree,
      differences,
      unexplained: this.#unexplained,
      ms,
    };
  }
}

function agreesWith(unit: UnitRules, side: SideName, state: EntityState, raw: Json): boolean {
  const register = registerOf(state, unit.name);
  if (register.winner === null && Object.keys(register.vv).length === 0) return true;
  if (waitsOn(unit, side, [register.value], raw).length > 0) return false;
  return sameRaw(unit, side, putValue(unit, side, register.value, raw), raw);
}

async function countKeys(connector: Connector): Promise<number> {
  let count = 0;
  let after: RecordKey | null = null;
  for (;;) {
    const { keys, more }: Awaited<ReturnType<Connector['listKeys']>> = await connector.listKeys({
      after,
      limit: 20_000,
    });
    count += keys.length;
    const last = keys.at(-1);
    if (!more || last === undefined) return count;
    after = last;
  }
}
