import { vectorText } from '../../src/core/clock/version-vector.js';
import { stateIn } from './oracle/state-in.js';
import type { Tables } from './store/tables.js';
import type { World } from './world.js';

/** What the ledger gained since `from`, and where every record stands, for people who look for the cause. */
export function traceOf(world: World, from: number): readonly string[] {
  const { tables } = world.database;
  const facts = tables.ledger.slice(from).map(({ entry, payload }) => {
    const { effects, detail } = JSON.parse(payload.text) as {
      effects: { unit: string; before: unknown; after: unknown }[];
      detail: object;
    };
    const changes = effects.map(
      ({ unit, before, after }) => `${unit} ${JSON.stringify(before)} to ${JSON.stringify(after)}`,
    );
    return `    ${entry.kind} ${entry.entity ?? ''} ${entry.side ?? ''} ${entry.dot ?? ''} ${changes.join(', ')} ${entry.rule} ${JSON.stringify(detail).slice(0, 160)}`;
  });
  const rows = [...world.systems].map(
    ([name, system]) =>
      `    ${name} holds ${system.keys.map((key) => `${key} ${JSON.stringify(system.row(key)?.fields)}`).join(' ')}`,
  );
  return [...facts, ...rows, ...registers(tables)];
}

function registers(tables: Tables): readonly string[] {
  return [...tables.entities.values()].map(({ id, standing }) => {
    const state = stateIn(tables, id);
    const units = Object.entries(state.units).map(([unit, register]) => {
      const contexts = Object.entries(register.delivered).map(([side, vv]) => `${side}<${vectorText(vv)}>`);
      const noops = Object.entries(register.noop).map(([side, noop]) => `${side}~${noop.tick}<${vectorText(noop.vv)}>`);
      return `${unit}=${JSON.stringify(register.value)} <${vectorText(register.vv)}> ${register.status} [${register.siblings.map((s) => `${s.dot.join(':')} ${JSON.stringify(s.value)}`).join(', ')}] ${contexts.join(' ')} ${noops.join(' ')}`;
    });
    const sides = Object.entries(state.sides).map(
      ([side, shadow]) =>
        `${side} ${shadow.presence} ${JSON.stringify(shadow.raws)} t${shadow.tick}${shadow.intent === null ? '' : ` intent ${shadow.intent.delivery}`}`,
    );
    return `    entity ${id} ${standing} ${state.presence.kind}: ${units.join('; ')} | ${sides.join(' | ')}`;
  });
}
