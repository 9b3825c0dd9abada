import { ParleyError } from '../core/errors.js';
import type { EntityId } from '../core/ids.js';
import { absorb, clashingSides, readyToLink } from '../core/link.js';
import { settle } from '../core/settle.js';
import type { EntityState } from '../core/state.js';
import { controlPage } from './control-page.js';
import type { EnginePorts, LinkInput, LinkResult, RecordPlace } from './engine.js';
import { releaseCandidates } from './identify.js';
import { linkEntities } from './link.js';
import type { Page } from './page.js';
import { activeRevision } from './revision.js';
import type { PairTransaction } from './store.js';
import { settleMode, settleOn } from './take-page.js';

/** An entity under one of its records' names. */
type Named = { readonly place: RecordPlace; readonly entity: EntityId; readonly state: EntityState };

/**
 * Makes one entity of two that are known already, on a person's word (semantics §1.12): they are read together as on first
 * contact. With `dryRun` it only says what it would write and ask; what it writes waits for the brakes like any run.
 *
 * @throws ParleyError `record.not_found`; `record.not_linkable` where both have a record on one side, or one of them is
 * not there as we know it; `pair.busy` while a write to either is on its way
 */
export async function linkRecords(ports: EnginePorts, input: LinkInput): Promise<LinkResult> {
  const { rules } = await activeRevision(ports, await ports.store.pair(input.pair));
  const result = await ports.store.transact(input.pair, async (transaction): Promise<LinkResult> => {
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'decide' });
    const target = await named(transaction, page, input.to);
    const ending = await named(transaction, page, input.record);
    refuseUnlessFree(target, ending, transaction);
    await page.loadParents();
    const ready = readyToLink(target.state, ending.state);
    const { state } = absorb(target.entity, ready.target, ready.ending, page.hub);
    const { writes, questions } = settle(target.entity, state, { ...page.hub, rules: page.knowing(rules) }, 'write');
    if (!input.dryRun) await take(transaction, page, { target, ending, ready }, input);
    return {
      entity: target.entity,
      writes: writes.map(({ side, kind, key, fields }) => ({ side, kind, key, fields })),
      asks: questions.map(({ unit, kind, note }) => ({ unit, kind, note })),
    };
  });
  if (!input.dryRun) await ports.runner.poke(input.pair);
  return result;
}

async function named(transaction: PairTransaction, page: Page, place: RecordPlace): Promise<Named> {
  const [found] = await transaction.entitiesByKeys(place.side, [place.key]);
  if (found !== undefined) page.load([found]);
  const state = found === undefined ? undefined : page.state(found.id);
  if (found === undefined || state?.sides[place.side]?.key !== place.key) {
    throw new ParleyError('record.not_found', `${nameOf(place)} is not a known record. Nothing was changed.`);
  }
  return { place, entity: found.id, state };
}

function refuseUnlessFree(target: Named, ending: Named, { sent }: PairTransaction): void {
  const names = `${nameOf(ending.place)} and ${nameOf(target.place)}`;
  const refuse = (why: string): never => {
    throw new ParleyError('record.not_linkable', `${names} were not linked: ${why}. Nothing was changed.`);
  };
  if (target.entity === ending.entity) refuse('they stand for one record already');
  for (const { place, state } of [target, ending]) {
    if (state.presence.kind !== 'live') refuse(`${nameOf(place)} was deleted somewhere`);
    for (const [side, { presence, key }] of Object.entries(state.sides))
      if (!['present', 'awaited', 'gone'].includes(presence)) refuse(`${side}:${key} is ${presence} now`);
    if (state.sides[place.side]?.presence !== 'present') refuse(`${nameOf(place)} is not there`);
  }
  const [side] = clashingSides(target.state, ending.state);
  if (side !== undefined) refuse(`both have a record in ${side}; delete one of the two first`);
  const shadows = [target, ending].flatMap(({ state }) => Object.values(state.sides));
  if (shadows.some(({ intent }) => intent !== null && sent.has(intent.delivery))) {
    throw new ParleyError('pair.busy', `A write to ${names} is on its way. Nothing was changed.`, {
      hint: 'Try again when it has arrived.',
    });
  }
}

async function take(
  transaction: PairTransaction,
  page: Page,
  { target, ending, ready }: { target: Named; ending: Named; ready: ReturnType<typeof readyToLink> },
  { by, note }: LinkInput,
): Promise<void> {
  const { rules } = page.hub;
  for (const id of [target.entity, ending.entity])
    for (const { unit, kind } of await transaction.openConflicts([id]))
      page.close({ entity: id, unit, kind, state: 'closed', decidedBy: null, choice: null });
  page.take(target.entity, { state: ready.target });
  page.take(ending.entity, { state: ready.ending });
  const actor = { kind: 'person', name: by } as const;
  linkEntities(page, rules, { from: ending.entity, to: target.entity }, { actor, rule: 'link', note });
  const freed = await releaseCandidates(transaction, page, [ending, target]);
  for (const id of [target.entity, ...freed]) settleOn(page, id, rules, settleMode(transaction.pair));
  await page.commit();
}

function nameOf({ side, key }: RecordPlace): string {
  return `${side}:${key}`;
}
