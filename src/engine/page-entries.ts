import type { Fact, LedgerEntry, SealedPayload } from '../core/ledger/entry.js';
import { append } from '../core/ledger/merkle.js';
import { patchBetween } from '../core/patch.js';
import { actorText, documentOf, vectorsText } from './entry-text.js';
import type { PageOptions } from './page-options.js';
import type { Hasher } from './ports.js';
import type { AppendedEntries, PairRow, WrittenEntry } from './store.js';

/** The facts of a page as entries that follow the pair's log, and where the log stands after them (semantics §6). */
export function entriesOf(facts: readonly Fact[], options: PageOptions, pair: PairRow, atMs: number): AppendedEntries {
  const entries = facts.map((fact, index) => entryOf(fact, options, pair, { seq: pair.ledgerSize + index, atMs }));
  const head = append(
    { size: pair.ledgerSize, peaks: pair.ledgerPeaks },
    entries.map(({ entry }) => entry.leaf),
    (left, right) => options.hasher.sha256Node(1, left, right),
  );
  return { entries, head };
}

function entryOf(
  fact: Fact,
  { hasher, rules, source, run, delivery }: PageOptions,
  { pair }: PairRow,
  { seq, atMs }: { readonly seq: number; readonly atMs: number },
): WrittenEntry {
  const [before, after] = [documentOf(fact.effects, 'before'), documentOf(fact.effects, 'after')];
  const patch = patchBetween(before, after);
  const inverse = patchBetween(after, before);
  const payload: SealedPayload = {
    nonce: hasher.nonce(),
    text: JSON.stringify({ patch, inverse, effects: fact.effects, detail: fact.detail }),
  };
  const entry = {
    pair,
    seq,
    atMs,
    kind: fact.kind,
    entity: fact.entity,
    side: fact.side,
    units: fact.effects.map(({ unit }) => unit),
    actor: actorText(fact),
    rule: fact.rule,
    revision: rules.revision,
    source,
    dot: fact.dot === null ? null : fact.dot.join(':'),
    vvBefore: vectorsText(fact.effects, 'vvBefore'),
    vvAfter: vectorsText(fact.effects, 'vvAfter'),
    lo: fact.lo,
    hi: fact.hi,
    run: run.id,
    delivery: delivery ?? null,
    commitment: commitmentOf(hasher, payload),
    leaf: '',
  };
  entry.leaf = leafOf(hasher, entry);
  return { entry, payload };
}

/** Hex SHA-256 over the nonce and the payload's text: proves the values without containing them. */
export function commitmentOf(hasher: Hasher, { nonce, text }: SealedPayload): string {
  return hasher.sha256(`${nonce}:${text}`);
}

/** RFC 6962 leaf hash of a row without its own leaf: over its members in a fixed order, as JSON text. */
export function leafOf(hasher: Hasher, row: Omit<LedgerEntry, 'leaf'>): string {
  const { pair, seq, atMs, kind, entity, side, units, actor, rule, revision, source } = row;
  const { dot, vvBefore, vvAfter, lo, hi, run, delivery, commitment } = row;
  const members = [pair, seq, atMs, kind, entity, side, units, actor, rule, revision, source];
  return hasher.sha256Node(
    0,
    hasher.sha256(JSON.stringify([...members, dot, vvBefore, vvAfter, lo, hi, run, delivery, commitment])),
  );
}
