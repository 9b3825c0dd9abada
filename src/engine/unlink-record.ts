import { ParleyError } from '../core/errors.js';
import { apartName, matchValues } from '../core/identity.js';
import type { EntityId, SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import { snapshotOf } from '../core/link.js';
import type { EntityState, Shadow } from '../core/state.js';
import { unlink, type BeforeLink, type BeforeLinks, type Unlinked } from '../core/unlink.js';
import { controlPage } from './control-page.js';
import type { EnginePorts, UnlinkInput, UnlinkResult } from './engine.js';
import { keptHistory } from './entity-history.js';
import type { StoredEntry } from './ledger-store.js';
import type { Page } from './page.js';
import { retiredText } from './retired.js';
import { activeRevision } from './revision.js';
import type { PairTransaction } from './store.js';
import { settleMode, settleOn } from './take-page.js';

/**
 * Takes a link back: the record becomes an entity of its own, both get back what they held before as far as the ledger knows
 * it, and the two are kept apart. With `dryRun` it only says what it would write; what it writes waits for the brakes like any run.
 *
 * @throws ParleyError `record.not_found`, `record.not_linked`, `pair.busy` while a write to it is on its way
 */
export async function unlinkRecord(ports: EnginePorts, input: UnlinkInput): Promise<UnlinkResult> {
  const { rules } = await activeRevision(ports, await ports.store.pair(input.pair));
  const known = await ports.readModel.entityByKey(input.pair, input.side, input.key);
  const retirement = await ports.store.retirement(input.pair);
  const { kept, entries } =
    known === null ? { kept: null, entries: [] } : await keptHistory(ports.readModel, input.pair, known.id, retirement);
  // What was retired knew what each side held before; a part of the history would name a wrong value.
  const before = kept === null ? beforeLink(entries, input.side) : {};
  const result = await ports.store.transact(input.pair, async (transaction): Promise<UnlinkResult> => {
    const [found] = await transaction.entitiesByKeys(input.side, [input.key]);
    if (found === undefined || found.id !== known?.id) throw notFound(input);
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'decide' });
    page.load([found]);
    const state = page.state(found.id) as EntityState;
    refuseUnlessLinked(state, input, transaction);
    const own = page.newEntity();
    const subject = { entity: found.id, state, hub: page.hub };
    const unlinked = unlink(subject, input.side, { own, before }, { name: input.by, note: input.note });
    const { restored } = unlinked;
    const why = kept === null || retirement === null ? null : retiredText(retirement);
    const units = why === null ? [] : Object.keys(state.sides[input.side]?.raws ?? {});
    const gone = units.map((unit) => ({ side: input.side, unit: unit as UnitName, why: why ?? '' }));
    const left = [...unlinked.left, ...gone];
    if (!input.dryRun) await take(transaction, page, { entity: found.id, own, state, side: input.side }, unlinked);
    return { entity: found.id, own: input.dryRun ? null : own, restored, left };
  });
  if (!input.dryRun) await ports.runner.poke(input.pair);
  return result;
}

type Split = {
  readonly entity: EntityId;
  readonly own: EntityId;
  readonly state: EntityState;
  readonly side: SideName;
};

async function take(
  transaction: PairTransaction,
  page: Page,
  { entity, own, state, side }: Split,
  { stays, leaves }: Unlinked,
): Promise<void> {
  const { rules } = page.hub;
  for (const { unit, kind } of await transaction.openConflicts([entity]))
    page.close({ entity, unit, kind, state: 'closed', decidedBy: null, choice: null });
  page.take(entity, stays);
  page.take(own, leaves);
  const shadow = state.sides[side] as Shadow;
  page.link(own, side, shadow.key);
  page.linkedMore(-1);
  for (const { value } of matchValues(rules, side, snapshotOf(page.hub, side, shadow)))
    page.found.byValue(own, side, value);
  for (const other of Object.keys(stays.state.sides) as SideName[]) {
    const { key } = stays.state.sides[other] as Shadow;
    page.found.keepApart(apartName({ side, key: shadow.key }, { side: other, key }));
  }
  for (const id of [entity, own]) settleOn(page, id, rules, settleMode(transaction.pair));
  await page.commit();
}

/** What each side had given by itself when the link was made, and which of it was changed there later. */
function beforeLink(history: readonly StoredEntry[], side: SideName): BeforeLinks {
  const firsts = new Map<SideName, number>();
  for (const { entry } of history)
    if (entry.kind === 'linked' && entry.side !== null && !firsts.has(entry.side)) firsts.set(entry.side, entry.seq);
  const mine = firsts.get(side) ?? Number.POSITIVE_INFINITY;
  const others = [...firsts].filter(([name]) => name !== side).map(([, seq]) => seq);
  const linkedAt = Math.max(mine, Math.min(...others));
  const found: { [side: SideName]: { [unit: UnitName]: BeforeLink } } = {};
  for (const { entry, payload } of history) {
    const units = (payload?.detail['units'] ?? {}) as {
      readonly [unit: UnitName]: { readonly to?: Json; readonly how?: string };
    };
    if (entry.side === null || !['linked', 'edited', 'stray'].includes(entry.kind)) continue;
    const known = (found[entry.side] ??= {});
    for (const unit of Object.keys(units) as UnitName[]) {
      const { to, how } = units[unit] as { readonly to?: Json; readonly how?: string };
      // Our own write that was looked for and found is no edit of the side.
      if (to === undefined || how === 'landed') continue;
      const earlier = known[unit];
      if (entry.seq <= linkedAt) known[unit] = { raw: to, isChangedSince: false };
      else if (earlier !== undefined) known[unit] = { ...earlier, isChangedSince: true };
    }
  }
  return found;
}

function refuseUnlessLinked(state: EntityState, { side, key, pair }: UnlinkInput, { sent }: PairTransaction): void {
  const present = Object.values(state.sides).filter(({ presence }) => presence === 'present');
  const isThere = state.sides[side]?.presence === 'present';
  if (state.presence.kind !== 'live' || !isThere || present.length < 2) {
    throw new ParleyError(
      'record.not_linked',
      `${side}:${key} is linked to no other record now. Nothing was changed.`,
      {
        hint: `parley record show ${side}:${key} --pair ${pair}`,
      },
    );
  }
  if (Object.values(state.sides).some(({ intent }) => intent !== null && sent.has(intent.delivery))) {
    throw new ParleyError(
      'pair.busy',
      `A write to ${side}:${key} or its counterpart is on its way. Nothing was changed.`,
      {
        hint: 'Try again when it has arrived.',
      },
    );
  }
}

function notFound({ pair, side, key }: UnlinkInput): ParleyError {
  return new ParleyError('record.not_found', `Pair "${pair}" knows no record ${side}:${key}. Nothing was changed.`, {
    hint: `parley record list ${pair} --key ${key}`,
  });
}
