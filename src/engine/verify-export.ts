import type { KeptCheckpoint } from '../core/ledger/checkpoint.js';
import type { LedgerPayload } from '../core/ledger/entry.js';
import { emptyLog, rootOf, type LogHead, type NodeHash } from '../core/ledger/merkle.js';
import { isConsistent, rootByInclusion } from '../core/ledger/proof.js';
import { EntryChecker, type LedgerProblem } from './check-entry.js';
import { CheckpointWatch } from './checkpoint-watch.js';
import type { ExportLine } from '../core/ledger/export.js';
import { KeptForward } from './kept-forward.js';
import type { StoredEntry } from './ledger-store.js';
import type { Hasher } from './ports.js';
import { newestGood } from './write-checkpoint.js';

/** What verifying an export needs, and no server. */
export type ProofPorts = {
  readonly hasher: Hasher;
  /** Opens a signed note with the given public key; null for a text that is no note. */
  readonly openNote: (note: string, publicKey: string | null) => KeptCheckpoint | null;
};

export type ExportVerification = {
  readonly ok: boolean;
  readonly pair: string;
  /** The record that it is about, `side:key`; null for the whole ledger. */
  readonly record: string | null;
  readonly entries: number;
  /** The first entry that is in the file: those before were retired to another one. */
  readonly from: number;
  /** Entries whose values are in the file and are the ones committed to. */
  readonly withValues: number;
  /** Entries that no checkpoint covers. */
  readonly unsigned: number;
  readonly root: string;
  readonly checkpoints: {
    readonly compared: number;
    readonly newest: { readonly size: number; readonly root: string; readonly atMs: number } | null;
    readonly publicKey: string | null;
  };
  readonly problems: readonly LedgerProblem[];
};

const problemMax = 100;
type Head = Extract<ExportLine, { line: 'ledger' }>;
type Verifier = { take(line: ExportLine): void; end(): Omit<ExportVerification, 'problems' | 'ok'> };

/**
 * Verifies an export by itself (SPEC I17): that every entry and value is the one that was committed to, that the log has
 * the roots that were signed, and that values follow from each other. `publicKey` is the one that the reader trusts; without it
 * the one in the file is used, which proves only that the file agrees with itself.
 */
export async function verifyExport(
  ports: ProofPorts,
  lines: AsyncIterable<ExportLine>,
  publicKey: string | null,
): Promise<ExportVerification | null> {
  const problems: LedgerProblem[] = [];
  let verifier: Verifier | null = null;
  let isWhole = false;
  for await (const line of lines) {
    if (line.line === 'ledger') {
      if (verifier !== null) return null;
      const own = { ...ports, openNote: (note: string) => ports.openNote(note, publicKey ?? line.publicKey) };
      const reading: Reading = { ports: own, head: line, publicKey: publicKey ?? line.publicKey, problems };
      verifier = line.record === null ? wholeLog(reading) : oneRecord(reading);
      continue;
    }
    if (verifier === null) return null;
    isWhole ||= line.line === 'end';
    verifier.take(line);
  }
  if (verifier === null) return null;
  if (!isWhole) problems.push(problem('The file ends before the export did: something is missing.'));
  const found = verifier.end();
  return { ok: problems.length === 0, ...found, problems: problems.slice(0, problemMax) };
}

type Reading = {
  readonly ports: ProofPorts & { readonly openNote: (note: string) => KeptCheckpoint | null };
  readonly head: Head;
  readonly publicKey: string | null;
  readonly problems: LedgerProblem[];
};

const problem = (what: string, seq: number | null = null): LedgerProblem => ({ seq, entity: null, what });

function opened({ ports, problems }: Reading, note: string): readonly KeptCheckpoint[] {
  const kept = ports.openNote(note);
  if (kept === null) problems.push(problem('A checkpoint in the file is no signed note.'));
  return kept === null ? [] : [kept];
}

function wholeLog(reading: Reading): Verifier {
  const { ports, head: about, publicKey, problems } = reading;
  const node: NodeHash = (left, right) => ports.hasher.sha256Node(1, left, right);
  const checker = new EntryChecker(ports.hasher, problems);
  const kept: KeptCheckpoint[] = [];
  const forward = new KeptForward(checker, problems);
  let watch: CheckpointWatch | null = null;
  let head: LogHead = emptyLog;
  let [withValues, from, cut] = [0, 0, 0];
  const grow = (leaves: readonly string[]): void => {
    watch ??= new CheckpointWatch(kept, node, problems);
    head = watch.append(head, leaves);
  };
  return {
    take(line) {
      if (line.line === 'checkpoint') kept.push(...opened(reading, line.note));
      if (line.line === 'retired') ({ cut } = line);
      if (line.line === 'kept') forward.begin(line, cut);
      if (line.line === 'leaves') {
        if (line.first !== head.size) problems.push(problem('leaves of retired entries are missing', head.size));
        grow(line.leaves);
        from = head.size;
      }
      if (line.line === 'entry') {
        if (line.entry.pair !== about.pair) problems.push(problem('An entry of another pair.', line.entry.seq));
        const stored: StoredEntry = { entry: line.entry, sealed: line.sealed, payload: null };
        checker.checkRow(stored, head.size);
        withValues += checkValues(checker, stored);
        forward.see(line.entry);
        grow([line.entry.leaf]);
      }
      if (line.line !== 'end') return;
      if (line.entries !== head.size)
        problems.push(problem(`${line.entries} entries were exported, ${head.size} are in the file.`));
      else if (line.root !== (rootOf(head, node) ?? '')) problems.push(problem('The root is not that of the entries.'));
    },
    end() {
      if (from !== cut) problems.push(problem(`${cut} entries were retired, and ${from} leaves of them are here.`));
      forward.end(head.size);
      (watch ?? new CheckpointWatch(kept, node, problems)).end(head.size);
      const newest = newestGood(kept);
      return {
        pair: about.pair,
        record: null,
        entries: head.size - from,
        from,
        withValues,
        unsigned: head.size - Math.min(head.size, newest?.size ?? 0),
        root: rootOf(head, node) ?? '',
        checkpoints: { compared: watch?.compared ?? 0, newest, publicKey },
      };
    },
  };
}

/** Whether the values are there; when they are, that they are the ones committed to, and follow from those before. */
function checkValues(checker: EntryChecker, stored: StoredEntry): 0 | 1 {
  const { sealed } = stored;
  if (sealed === null) return 0;
  if (!checker.checkValues(stored, sealed)) return 0;
  const payload = { nonce: sealed.nonce, ...(JSON.parse(sealed.text) as Omit<LedgerPayload, 'nonce'>) };
  checker.fold(stored, payload);
  return 1;
}

function oneRecord(reading: Reading): Verifier {
  const { ports, head: about, publicKey, problems } = reading;
  const node: NodeHash = (left, right) => ports.hasher.sha256Node(1, left, right);
  const checker = new EntryChecker(ports.hasher, problems);
  const kept: KeptCheckpoint[] = [];
  const proofs: { readonly of: KeptCheckpoint; readonly proof: readonly string[] }[] = [];
  const roots = new Map<number, string | null>();
  const forward = new KeptForward(checker, problems);
  let [entries, withValues, unsigned, last, root, cut] = [0, 0, 0, -1, '', 0];
  return {
    take(line) {
      if (line.line === 'retired') ({ cut } = line);
      if (line.line === 'kept') forward.begin(line, cut);
      if (line.line === 'checkpoint') {
        const found = opened(reading, line.note);
        kept.push(...found);
        proofs.push(...found.map((of) => ({ of, proof: line.proof ?? [] })));
      }
      if (line.line === 'entry') {
        const { entry } = line;
        const stored: StoredEntry = { entry, sealed: line.sealed, payload: null };
        checker.checkRow(stored, Math.max(entry.seq, last + 1));
        if (entry.entity !== about.record?.entity) problems.push(problem('An entry of another record.', entry.seq));
        entries += 1;
        last = entry.seq;
        withValues += checkValues(checker, stored);
        forward.see(entry);
        if (entry.seq >= about.size) unsigned += 1;
        else roots.set(entry.seq, rootByInclusion(entry.leaf, entry.seq, about.size, line.proof ?? [], node));
      }
      if (line.line !== 'end') return;
      root = line.root;
      if (line.entries !== entries)
        problems.push(problem(`${line.entries} entries were exported, ${entries} are here.`));
    },
    end() {
      forward.end(last + 1);
      const newest = newestGood(kept);
      const signed = newest?.size === about.size ? newest.root : null;
      for (const [seq, found] of roots)
        if (found === null || found !== (signed ?? root))
          problems.push(problem('the proof does not lead from the entry to the root', seq));
      // The notes themselves are judged as those of a whole log are.
      const watch = new CheckpointWatch(
        kept.filter(({ signature }) => signature !== 'good'),
        node,
        problems,
      );
      for (const { of, proof } of proofs) {
        if (of.signature !== 'good' || newest === null) continue;
        if (!isConsistent(of.checkpoint, newest, proof, node))
          problems.push(problem(`The newest checkpoint does not continue the one of ${of.checkpoint.size} entries.`));
      }
      return {
        pair: about.pair,
        record: about.record === null ? null : `${about.record.side}:${about.record.key}`,
        entries,
        from: cut,
        withValues,
        unsigned: signed === null ? entries : unsigned,
        root: signed ?? root,
        checkpoints: { compared: watch.compared + proofs.length, newest, publicKey },
      };
    },
  };
}
