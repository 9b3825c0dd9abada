import type {
  LedgerEntryView,
  LedgerPageView,
  LedgerPayloadView,
  LedgerVerificationView,
  RetiredView,
} from '../../contract/api/ledger.js';
import { vectorText } from '../../core/clock/version-vector.js';
import type { LedgerPayload, SealedPayload } from '../../core/ledger/entry.js';
import type { PairId } from '../../core/ids.js';
import type { LedgerVerification } from '../../engine/engine.js';
import type { Retirement, StoredEntry } from '../../engine/ledger-store.js';
import type { Page } from '../../engine/read-model.js';
import type { Store } from '../../engine/store.js';
import { moment, momentOrNull, pageView } from './moment.js';

export function ledgerEntryView({ entry, payload, sealed }: StoredEntry): LedgerEntryView {
  return {
    pair: entry.pair,
    seq: entry.seq,
    at: moment(entry.atMs),
    kind: entry.kind,
    entity: entry.entity,
    side: entry.side,
    units: [...entry.units],
    actor: entry.actor,
    rule: entry.rule,
    revision: entry.revision,
    source: entry.source,
    dot: entry.dot,
    vvBefore: entry.vvBefore,
    vvAfter: entry.vvAfter,
    lo: momentOrNull(entry.lo),
    hi: momentOrNull(entry.hi),
    run: entry.run,
    delivery: entry.delivery,
    commitment: entry.commitment,
    leaf: entry.leaf,
    payload: payload === null || sealed === null ? null : payloadView(payload, sealed),
  };
}

function payloadView(payload: LedgerPayload, sealed: SealedPayload): LedgerPayloadView {
  return {
    nonce: sealed.nonce,
    text: sealed.text,
    patch: [...payload.patch],
    inverse: [...payload.inverse],
    effects: payload.effects.map((effect) => ({
      unit: effect.unit,
      before: effect.before,
      after: effect.after,
      vvBefore: vectorText(effect.vvBefore),
      vvAfter: vectorText(effect.vvAfter),
      ctx: Object.fromEntries(Object.entries(effect.ctx).map(([side, vector]) => [side, vectorText(vector)])),
    })),
    detail: { ...payload.detail },
  };
}

/** What of a ledger is in a file, and not here. */
export function retiredView({ cut, beforeMs, file, sha256 }: Retirement): RetiredView {
  return { entries: cut, before: moment(beforeMs), file, sha256 };
}

export function verificationView(pair: PairId, verified: LedgerVerification): LedgerVerificationView {
  const { problems, checkpoints, retired, ...rest } = verified;
  const { newest } = checkpoints;
  return {
    pair,
    ...rest,
    retired: retired === null ? null : retiredView(retired),
    problems: [...problems],
    checkpoints: {
      ...checkpoints,
      newest: newest === null ? null : { size: newest.size, root: newest.root, at: moment(newest.atMs) },
    },
  };
}

/** A page of entries; the last one says what came before it and is in a file. */
export async function ledgerPageView(
  store: Pick<Store, 'retirement'>,
  pair: PairId,
  page: Page<StoredEntry>,
): Promise<LedgerPageView> {
  const retirement = page.next === null ? await store.retirement(pair) : null;
  return { ...pageView(page, ledgerEntryView), retired: retirement === null ? null : retiredView(retirement) };
}
