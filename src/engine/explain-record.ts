import { ParleyError } from '../core/errors.js';
import { explainUnit, vectorsOf } from '../core/explain.js';
import type { PairId, RecordKey, SideName, UnitName } from '../core/ids.js';
import { sameJson, type Json } from '../core/json.js';
import { blameOf, keptIn, type Blame } from '../core/ledger/kept.js';
import { staleForm } from '../core/loop.js';
import { unpack } from '../core/pack.js';
import { commonBase } from '../core/question.js';
import { registerOf } from '../core/register.js';
import type { UnitRules } from '../core/rules.js';
import { standingOf } from '../core/standing.js';
import type { EntityState } from '../core/state.js';
import type { EnginePorts, RecordExplanation, UnitExplanation } from './engine.js';
import { revisionOf } from './revision.js';
import type { StoredEntry } from './ledger-store.js';

/** How far back the origin of a value is looked for; older ones are found with `record log`. */
const historyMax = 500;

/** Explains one record: every value with where it came from, who decided, what waits, and why. */
export async function explainRecord(
  ports: EnginePorts,
  input: { pair: PairId; side: SideName; key: RecordKey },
): Promise<RecordExplanation> {
  const pair = await ports.store.pair(input.pair);
  const { rules } = await revisionOf(ports, input.pair, pair.revision ?? pair.latestRevision);
  const stored = await ports.readModel.entityByKey(input.pair, input.side, input.key);
  if (stored === null) {
    throw new ParleyError(
      'record.not_found',
      `Pair "${input.pair}" has never read a record ${input.side}:${input.key}.`,
      { hint: `parley record list ${input.pair} --key ${input.key}` },
    );
  }
  const state = unpack(stored.state);
  const { rows: history } = await ports.readModel.entityLedger(input.pair, stored.id, {
    after: null,
    limit: historyMax,
  });
  const kept = history.findLast(({ entry }) => entry.kind === 'kept') ?? null;
  const conflicts = await ports.readModel.entityConflicts(input.pair, stored.id);
  return {
    pair: input.pair,
    entity: stored.id,
    standing: standingOf(state, rules),
    keys: Object.fromEntries(
      Object.entries(state.sides).map(([side, shadow]) => [side, (shadow as { key: RecordKey }).key]),
    ),
    state,
    units: rules.units.map((unit) => explainOne(unit, state, history, kept)),
    conflicts,
  };
}

function explainOne(
  unit: UnitRules,
  state: EntityState,
  history: readonly StoredEntry[],
  kept: StoredEntry | null,
): UnitExplanation {
  const register = registerOf(state, unit.name);
  const winner = register.winner?.join(':') ?? null;
  const origin = history.find(
    ({ entry, payload }) =>
      winner !== null && entry.units.includes(unit.name) && stemsFrom(entry.dot, winner, payload, unit),
  );
  const sides: { [side: SideName]: Json } = {};
  for (const side of Object.keys(unit.paths) as SideName[]) sides[side] = state.sides[side]?.raws[unit.name] ?? null;
  return {
    unit: unit.name,
    master: unit.authority.kind === 'master' ? unit.authority.side : 'either',
    place: unit.place,
    agreed: register.status === 'settled' ? register.value : commonBase(unit, register),
    sides,
    status: register.status,
    from: origin === undefined ? keptOrigin(unit, history, kept) : blameOf(origin.entry),
    sentences: [...explainUnit(unit, register, state), ...staleFormSentences(unit, origin)],
    vectors: vectorsOf(register),
  };
}

/** Who gave a value whose entry was retired: what changed it since, or what was kept of it. */
function keptOrigin(unit: UnitRules, history: readonly StoredEntry[], kept: StoredEntry | null): Blame | null {
  if (kept?.payload == null) return null;
  const since = history.find(({ payload }) =>
    payload?.effects.some((effect) => effect.unit === unit.name && !sameJson(effect.before, effect.after)),
  );
  return since === undefined ? (keptIn(kept.payload).from[unit.name] ?? null) : blameOf(since.entry);
}

/** The agreed value may stem from a form that was opened before our write and saved after it. */
function staleFormSentences(unit: UnitRules, origin: StoredEntry | undefined): readonly string[] {
  const details = (origin?.payload?.detail['units'] ?? {}) as { readonly [unit: UnitName]: { readonly flag?: Json } };
  if (origin === undefined || details[unit.name]?.flag !== staleForm) return [];
  const { side } = origin.entry;
  return [
    `${side} put back what it held before our write, soon after it; perhaps an old form was saved (${staleForm}). ` +
      `The value that it replaced is in the ledger.`,
  ];
}

/** The entry that made the winning dot: an edit of a side carries it, a decision carries it in the vector after. */
function stemsFrom(dot: string | null, winner: string, payload: StoredEntry['payload'], unit: UnitRules): boolean {
  if (dot === winner) return true;
  const effect = payload?.effects.find((candidate) => candidate.unit === unit.name);
  if (effect === undefined) return false;
  const at = winner.lastIndexOf(':');
  const [actor, counter] = [winner.slice(0, at), Number(winner.slice(at + 1))];
  return effect.vvAfter[actor] === counter && effect.vvBefore[actor] !== counter;
}
