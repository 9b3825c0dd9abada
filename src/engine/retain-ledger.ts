import { ParleyError } from '../core/errors.js';
import type { EntityId, PairId } from '../core/ids.js';
import { cutOf, keptFact, type Cut, type History } from '../core/ledger/kept.js';
import { append, emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import { unpack } from '../core/pack.js';
import type { EntityState } from '../core/state.js';
import { controlPage } from './control-page.js';
import type { EnginePorts } from './engine.js';
import { exportUpTo } from './export-ledger.js';
import { foldBefore } from './fold-before.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
import { planRetention, type PairRetention, type RetentionPlan } from './plan-retention.js';
import type { LedgerFiles, RetentionStore, RetiredPair } from './retention-store.js';
import { isRetained, retainedFact } from './retired.js';
import { revisionOf } from './revision.js';
import type { PairRow } from './store.js';
import { verifyExport, type ProofPorts } from './verify-export.js';
import { verifyLedger } from './verify-ledger.js';

export type RetainPorts = Pick<EnginePorts, 'store' | 'hasher' | 'checkpoints'> & {
  readonly retention: RetentionStore;
  readonly files: LedgerFiles;
  readonly openNote: ProofPorts['openNote'];
};

export type RetainWish = {
  readonly beforeMs: number;
  readonly by: string;
  /** False: the file holds commitments only, and what was in the retired entries is gone for good. */
  readonly values: boolean;
  readonly progress?: (text: string) => void;
};
export type RetainResult = {
  readonly beforeMs: number;
  readonly months: readonly string[];
  readonly pairs: readonly RetiredPair[];
};

const pageSize = 1_000;
const readSize = 5_000;
const leavesPerPage = 20_000;

/**
 * Takes the history before a moment out of the database (semantics §6, Retention). For each pair: what goes is exported to a file that
 * proves itself; what it came to is kept forward, an entry a record; the ledger says that it was done; and the ledger as it
 * will be is verified. Only then, for all pairs in one transaction, leaves are put aside and the months dropped. Ended anywhere, the
 * same call goes on: nothing is gone before all of it is safe, and nothing is stated twice.
 *
 * @throws ParleyError `ledger.still_needed`, `ledger.mismatch`, `ledger.checkpoints_unreachable`, `store.conflict`
 */
export async function retainLedger(ports: RetainPorts, wish: RetainWish): Promise<RetainResult> {
  const plan = await planRetention(ports, wish.beforeMs);
  refuse(plan);
  const pairs: RetiredPair[] = [];
  for (const pair of plan.pairs) {
    wish.progress?.(`${pair.pair}: exporting ${pair.cut - pair.from} entries`);
    pairs.push(await retainPair(ports, pair, plan.beforeMs, wish));
  }
  if (pairs.length > 0) {
    wish.progress?.('taking the months away');
    await ports.retention.retire({ beforeMs: plan.beforeMs, pairs });
  }
  return { beforeMs: plan.beforeMs, months: plan.months, pairs };
}

function refuse({ problems, pairs }: RetentionPlan): void {
  const all = [...problems, ...pairs.flatMap((pair) => pair.problems.map((text) => `${pair.pair}: ${text}`))];
  if (all.length === 0) return;
  throw new ParleyError('ledger.still_needed', `${all.join(' ')} Nothing was taken out of the ledger.`, {
    hint: 'Name an earlier month, or deal with what is open first.',
  });
}

async function retainPair(
  ports: RetainPorts,
  { pair, from, cut, exportTo }: PairRetention,
  beforeMs: number,
  { by, values, progress }: RetainWish,
): Promise<RetiredPair> {
  const at: Cut = { cut, beforeMs };
  await requireProof(ports, pair, undefined);
  const root = await rootAt(ports, pair, cut);
  const done = await doneBefore(ports, pair, at, root);
  const file = done.said?.file ?? `${pair}-${from}-${cut}.ledger.jsonl`;
  let sha256 = await ports.files.sha256(file);
  if (sha256 === null || sha256 !== done.said?.sha256) {
    sha256 = await ports.files.write(file, exportUpTo(ports, { pair, values, from, until: exportTo }));
    await requireFile(ports, file);
  }
  progress?.(`${pair}: keeping forward what they came to`);
  const histories = await foldBefore(ports, pair, at, await ports.store.retirement(pair));
  for (const entity of done.kept) histories.delete(entity);
  const page = { pair, at, by };
  const first = done.keptFrom ?? (await ports.store.pair(pair)).ledgerSize;
  await keepForward(ports, page, [...histories]);
  const kept = { from: first, records: done.kept.size + histories.size };
  const keptTo =
    done.said?.sha256 === sha256 && histories.size === 0
      ? done.said.seq
      : await stateRetained(ports, page, { root, kept, file, sha256 });
  const retirement: Retirement = { cut, beforeMs, keptFrom: first, keptTo, file, sha256 };
  await requireProof(ports, pair, retirement);
  return { pair, from, cut, keptFrom: first, keptTo, file, sha256 };
}

/** Nothing is taken out of a ledger that does not prove itself, or would not any more. */
async function requireProof(ports: RetainPorts, pair: PairId, as: Retirement | undefined): Promise<void> {
  const { ok, problems } = await verifyLedger(ports, as === undefined ? { pair } : { pair, as });
  if (ok) return;
  const [first] = problems;
  const when = as === undefined ? 'does not prove what the hub holds' : 'would not prove what the hub holds afterwards';
  throw new ParleyError(
    'ledger.mismatch',
    `The ledger of ${pair} ${when} (${first?.what ?? ''}). Nothing was taken out of it.`,
    { hint: `parley ledger verify ${pair}` },
  );
}

async function requireFile(ports: RetainPorts, file: string): Promise<void> {
  const verified = await verifyExport(ports, ports.files.read(file), ports.checkpoints?.publicKey ?? null);
  if (verified?.ok === true) return;
  throw new ParleyError(
    'ledger.mismatch',
    `${file} does not prove itself (${verified?.problems[0]?.what ?? 'it is no ledger'}). Nothing was taken out of the ledger.`,
  );
}

async function rootAt(ports: RetainPorts, pair: PairId, cut: number): Promise<string> {
  const node = (left: string, right: string): string => ports.hasher.sha256Node(1, left, right);
  let head: LogHead = emptyLog;
  while (head.size < cut) {
    const leaves = await ports.store.leaves(pair, head.size, Math.min(leavesPerPage, cut - head.size));
    head = append(head, leaves, node);
  }
  return rootOf(head, node) ?? '';
}

type Said = { readonly seq: number; readonly file: string; readonly sha256: string };
type Done = { readonly kept: Set<EntityId>; readonly keptFrom: number | null; readonly said: Said | null };

/** What an earlier attempt at the same cut has stated: it is not stated again. */
async function doneBefore(ports: RetainPorts, pair: PairId, { cut }: Cut, root: string): Promise<Done> {
  const kept = new Set<EntityId>();
  let keptFrom: number | null = null;
  let said: Said | null = null;
  for (let next = cut; ; ) {
    const page = await ports.store.ledger(pair, next, readSize);
    for (const { entry, payload } of page) {
      if (payload === null) continue;
      if (isRetained(entry) && payload.detail['cut'] === cut && payload.detail['root'] === root) {
        const { file, sha256 } = payload.detail as unknown as Said;
        said = { seq: entry.seq, file, sha256 };
      }
      if (cutOf(entry, payload) !== cut || entry.entity === null) continue;
      kept.add(entry.entity);
      keptFrom ??= entry.seq;
    }
    const last: StoredEntry | undefined = page.at(-1);
    if (last === undefined || page.length < readSize) return { kept, keptFrom, said };
    next = last.entry.seq + 1;
  }
}

type KeepPage = { readonly pair: PairId; readonly at: Cut; readonly by: string };

/** A record that is erased meanwhile is not kept: its values are gone for good. */
async function keepForward(
  ports: RetainPorts,
  { pair, at }: KeepPage,
  histories: readonly (readonly [EntityId, History])[],
): Promise<void> {
  for (let done = 0; done < histories.length; done += pageSize) {
    const some = histories.slice(done, done + pageSize);
    await ports.store.transact(pair, async (transaction) => {
      const { rules } = await decidingRevision(ports, transaction.pair);
      const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'decide' });
      const states = new Map(
        (await transaction.entitiesByIds(some.map(([id]) => id))).map((one) => [one.id, one.state]),
      );
      for (const [entity, history] of some) {
        const state = states.get(entity);
        if (state !== undefined && !isErased(unpack(state))) page.addFact(keptFact(entity, at, history));
      }
      await page.commit();
    });
  }
}

/** Nothing is left of a record that was erased; of any other one there is at least where it stood. */
function isErased({ units, sides }: EntityState): boolean {
  return Object.keys(units).length === 0 && Object.keys(sides).length === 0;
}

async function stateRetained(
  ports: RetainPorts,
  { pair, at, by }: KeepPage,
  said: Omit<Parameters<typeof retainedFact>[1], keyof Cut>,
): Promise<number> {
  return ports.store.transact(pair, async (transaction) => {
    const { rules } = await decidingRevision(ports, transaction.pair);
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'decide' });
    page.addFact(retainedFact(by, { ...at, ...said }));
    await page.commit();
    return transaction.pair.ledgerSize;
  });
}

function decidingRevision(ports: RetainPorts, pair: PairRow): ReturnType<typeof revisionOf> {
  return revisionOf(ports, pair.pair, pair.revision ?? pair.latestRevision);
}
