import { ParleyError } from '../core/errors.js';
import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { matchValues } from '../core/identity.js';
import type { Fact } from '../core/ledger/entry.js';
import { absorb, clashingSides, snapshotOf } from '../core/link.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import { textsOf, traitsOfSnapshot } from './match-texts.js';
import type { Page } from './page.js';
import type { PairTransaction } from './store.js';
import { settleMode, settleOn } from './take-page.js';

/** Who links, for the ledger: a person with a note, or a rule of the file. */
export type LinkedBy = Pick<Fact, 'actor' | 'rule'> & { readonly note: string | null };

/** Links a waiting entity to the entity of a record that a person named. */
export async function linkToRecord(
  transaction: PairTransaction,
  page: Page,
  rules: PairRules,
  waiting: { entity: EntityId; side: SideName; key: RecordKey },
  by: LinkedBy,
): Promise<void> {
  const stored = await transaction.entitiesByKeys(waiting.side, [waiting.key]);
  const [other] = stored;
  const state = page.state(waiting.entity);
  if (other === undefined || other.id === waiting.entity || state === undefined) {
    const record = `${waiting.side}:${waiting.key}`;
    throw new ParleyError('conflict.bad_choice', `${record} is not a known record to link to. Nothing was decided.`);
  }
  page.load(stored);
  await page.loadParents();
  const [side] = clashingSides(page.state(other.id) as EntityState, state);
  if (side !== undefined) {
    throw new ParleyError(
      'conflict.bad_choice',
      `That record is linked to another one in ${side} already. Delete one of the two first; nothing was decided.`,
    );
  }
  linkEntities(page, rules, { from: waiting.entity, to: other.id }, by);
  settleOn(page, other.id, rules, settleMode(transaction.pair));
}

/** Makes one entity of two, in the page; the caller has looked that their sides do not clash. */
export function linkEntities(
  page: Page,
  rules: PairRules,
  { from, to }: { from: EntityId; to: EntityId },
  by: LinkedBy,
): void {
  const waiting = page.state(from) as EntityState;
  const { state, alias, facts } = absorb(to, page.state(to) as EntityState, waiting, page.hub);
  const { actor, rule, note } = by;
  const detail = { link: to, note };
  const linked: Fact = {
    kind: 'decided',
    entity: from,
    side: null,
    actor,
    rule,
    dot: null,
    effects: [],
    detail,
    lo: null,
    hi: page.hub.nowMs,
  };
  page.take(from, { state: alias, facts: [linked] });
  page.take(to, { state, facts });
  for (const [name, shadow] of Object.entries(waiting.sides)) {
    const side = name as SideName;
    page.link(to, side, shadow.key);
    page.linkedMore(1);
    const snapshot = snapshotOf(page.hub, side, shadow);
    for (const { value } of matchValues(rules, side, snapshot)) page.found.byValue(to, side, value);
    for (const { unit, text } of textsOf(traitsOfSnapshot(rules, side, snapshot)))
      page.found.byText(to, side, unit, text);
  }
}
