import type { Focus } from './options.js';

/**
 * A fault that is planted on purpose: one expression of one file, replaced by another, in a copy of the sources that
 * only the run of the mutants has. A simulator is trusted only if it finds each of them (semantics §3.3).
 */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  /** Must stand in the file exactly once: a change of the code that moves it has to move the mutant too. */
  readonly from: string;
  readonly to: string;
  /** The kind of worlds in which it can be seen at all, so that the hunt is short. */
  readonly focus?: Focus;
  /** A kept world that sees it, played before the others. */
  readonly regression?: string;
};

/** One of the eighteen whose feature this version does not have; it does not count. */
export type Missing = { readonly name: string; readonly why: string };

export const mutants: readonly Mutant[] = [
  {
    name: 'context raised at send instead of proof',
    file: 'src/core/plan-writes.ts',
    from: `  return { state: withSide(state, side, { ...shadow, intent }), write, losers: losersOf(hub, side, behind) };`,
    to: `  const raised = Object.fromEntries(behind.map(({ unit, register }) => [
    unit.name,
    { ...register, delivered: { ...register.delivered, [side]: register.vv } },
  ]));
  const sent: EntityState = { ...state, units: { ...state.units, ...raised } };
  return { state: withSide(sent, side, { ...shadow, intent }), write, losers: losersOf(hub, side, behind) };`,
  },
  {
    name: 'any read-back accepted as image',
    file: 'src/core/observe.ts',
    from: `      if (!sameRaw(unit, this.side, raw, sent.raw)) {`,
    to: `      if (sent.raw === undefined) {`,
  },
  {
    name: 'image learned from repetition',
    file: 'src/core/observe.ts',
    from: `      if (!sameRaw(unit, this.side, raw, sent.raw)) {`,
    to: `      if (!sameRaw(unit, this.side, raw, sent.raw) && !sameRaw(unit, this.side, raw, this.#raws[unit.name] ?? null)) {`,
  },
  {
    name: 'pairwise fold instead of siblings',
    file: 'src/core/register.ts',
    from: `  return { ...register, value: chosen.value, vv, winner: chosen.dot, status: 'settled', ...agreedAnew(register) };`,
    to: `  return { ...register, value: chosen.value, vv, siblings: [chosen], winner: chosen.dot, status: 'settled', ...agreedAnew(register) };`,
  },
  {
    name: 'last writer wins applied to causally ordered edits',
    file: 'src/core/register.ts',
    from: `      value: sibling.value,
      vv: sibling.vv,
      siblings: [sibling],`,
    to: `      value: register.siblings.some(({ hi }) => sibling.hi - hi < 60_000) ? register.value : sibling.value,
      vv: sibling.vv,
      siblings: [sibling],`,
    focus: { world: { faults: [], workers: 1 } },
  },
  {
    name: 'absence treated as delete',
    file: 'src/engine/list-missing.ts',
    from: `  const gone = missing.filter(({ key }) => !readable.has(key));`,
    to: `  const gone = missing.filter(({ key }) => readable.size >= 0 && key !== null);`,
    focus: { side: { deletes: 'listing' }, world: { faults: ['unlisted'] } },
  },
  {
    name: 'absent treated as null',
    file: 'src/core/mapping/mapping.ts',
    from: `  if (paths.length === 1) return fields[paths[0] as string];`,
    to: `  if (paths.length === 1) return fields[paths[0] as string] ?? null;`,
  },
  {
    name: 'missing read fence',
    file: 'src/core/observe.ts',
    from: `const isFenced = shadow !== undefined && observation.readTick < shadow.tick;`,
    to: `const isFenced = shadow !== undefined && observation.readTick < -1;`,
    focus: { side: { reads: 'full', deletes: 'listing' }, world: { workers: 2 } },
  },
  {
    name: 'create retried without lookup',
    file: 'src/engine/deliver-batch.ts',
    from: `    if (claim.wasSent) return await resolveSent(ports, revision, connector, claim, signal);`,
    to: `  if (claim.wasSent && !claim.items.some(({ kind }) => kind === 'create')) return await resolveSent(ports, revision, connector, claim, signal);`,
    focus: { side: { creates: 'twins', remembers: false }, world: { faults: ['lost response', 'kill'], workers: 1 } },
  },
  {
    name: 'unknown resent without looking',
    file: 'src/engine/deliver-batch.ts',
    from: `    if (claim.wasSent) return await resolveSent(ports, revision, connector, claim, signal);`,
    to: `  if (claim.wasSent && claim.items.some(({ kind }) => kind === 'create')) return await resolveSent(ports, revision, connector, claim, signal);`,
  },
  {
    name: 'unsent stale intents not superseded',
    file: 'src/engine/deliver-batch.ts',
    from: `      !moved.has(entity) || page.state(entity)?.sides[delivery.side]?.intent?.delivery === delivery.id;`,
    to: `      !moved.has(entity) || delivery.id >= 0;`,
  },
  {
    name: 'tombstone compacted early',
    file: 'src/engine/buried.ts',
    from: `  if (state?.presence.kind === 'tombstone') return Object.values(state.sides).some(isLeft);`,
    to: `  if (state?.presence.kind === 'tombstone') return false;`,
  },
  {
    name: 'merge treated as delete',
    file: 'src/engine/disappearances.ts',
    from: `    if (absence.kind === 'merged') open.set(absence.key, absence.into);`,
    to: `    if (absence.kind === 'merged') kinds.set(absence.key, 'deleted');`,
    focus: { side: { onDelete: 'delete' }, world: { lineage: true } },
  },
  {
    name: 'cursor without overlap',
    file: 'src/connectors/memory/connector.ts',
    from: `: { since: upTo, upTo: null };`,
    to: `: { since: system.version, upTo: null };`,
    regression: 'edit-between-two-pages',
  },
  {
    name: 'counters reused after restore',
    file: 'src/core/hub.ts',
    from: `  return actor(side ?? hubName, hub.epoch);`,
    to: `  return actor(side ?? hubName, Math.min(hub.epoch, 1));`,
    focus: { world: { faults: ['restore hub'] } },
  },
  {
    name: 'tolerance instead of canonical equality',
    file: 'src/core/mapping/equality.ts',
    from: `  return a === b || canonicalText(same, a) === canonicalText(same, b);`,
    to: `  return a === b || canonicalText(same, a) === canonicalText(same, b) || (same === 'decimal' && Math.abs(Number(a) - Number(b)) < 0.01);`,
    focus: { unit: { type: 'decimal' } },
  },
  {
    name: 'no attempt limit',
    file: 'src/core/settle-loop.ts',
    from: `    return count >= triesMax && !isParked;`,
    to: `    return count < 0 && !isParked;`,
    focus: { lastSide: { inert: 'u0', capitals: false, truncates: null }, world: { faults: [] } },
  },
  {
    name: 'coincidence merged for counters',
    file: 'src/core/delta.ts',
    from: `  const value = withAdded(first.value, added, edit.value);`,
    to: `  const value = numberOf(edit.value)?.text === numberOf(first.value)?.text ? first.value : withAdded(first.value, added, edit.value);`,
    focus: { sum: true },
  },
];

/** Beyond the eighteen: what references between records and records as a whole promise (SPEC I14, I23). */
export const laterMutants: readonly Mutant[] = [
  {
    name: 'reference written before the record is there',
    file: 'src/core/mapping/mapping.ts',
    from: `  const key = keyThere(unit, side, value);`,
    to: `  const key = keyThere(unit, side, value) ?? (String(value).slice(String(value).indexOf(':') + 1) as never);`,
    focus: { references: true },
  },
  {
    name: 'record made without the reference that it needs',
    file: 'src/core/wait.ts',
    from: `    return isAsked && reference?.isRequired === true;`,
    to: `    return isAsked && reference?.isRequired === undefined && reference !== undefined;`,
    focus: { references: true },
  },
  {
    name: 'what waits is never looked at again',
    file: 'src/engine/ready-records.ts',
    from: `  return isRelated ? transaction.readyWaits(limit) : [];`,
    to: `  return isRelated && limit < 0 ? transaction.readyWaits(limit) : [];`,
    focus: { references: true },
  },
  {
    name: 'record deleted while others name it',
    file: 'src/engine/named-parents.ts',
    from: `    return named.length === 0 ? [] : [{ entity, rows: named }];`,
    to: `    return named.length < 2 ? [] : [{ entity, rows: named }];`,
    focus: { references: true },
  },
  {
    name: 'invariants held against one side only',
    file: 'src/core/invariant.ts',
    from: `  if (!isBroken(invariant, after, hub) || isBroken(invariant, own, hub)) return false;`,
    to: `  if (changes.length < 2 || !isBroken(invariant, after, hub) || isBroken(invariant, own, hub)) return false;`,
    focus: { invariants: true },
  },
  {
    name: 'one half of what is asked together written',
    file: 'src/core/plan-writes.ts',
    from: `  return broken?.units.includes(name) ?? false;`,
    to: `  return broken?.units[0] === name;`,
    focus: { invariants: true },
  },
];

export const missing: readonly Missing[] = [];
