import type { LedgerVerificationView } from '../../contract/api/ledger.js';
import type { ExportVerificationView } from '../../contract/api/ledger-export.js';
import { clock } from './moment.js';
import { paint, type Style } from './style.js';
import { printable } from './text-width.js';
import { counted } from './value.js';

/** Whether the ledger proves what the hub holds. The root is what to keep elsewhere. */
export function renderLedgerVerification(verified: LedgerVerificationView, style: Style): string {
  const { pair, ok, entries, entities, root, problems } = verified;
  const amounts = `${counted(entries, 'entry', 'entries')}, ${counted(entities, 'record')}`;
  const held = `what the hub holds of ${pair}`;
  const head = ok
    ? `${paint(style, 'green', 'The ledger proves')} ${held}: ${amounts}.`
    : `${paint(style, 'red', 'The ledger does not prove')} ${held}: ${counted(problems.length, 'place')} of ${amounts}.`;
  return [
    head,
    ...retiredLines(verified),
    ...problemLines(problems),
    checkpointLine(verified, style),
    `root ${root}`,
  ].join('\n');
}

function retiredLines({ retired }: LedgerVerificationView): readonly string[] {
  if (retired === null) return [];
  const { entries, before, file, sha256 } = retired;
  const what = `of the first ${counted(entries, 'entry', 'entries')} only the leaves are here`;
  return [`retired: ${what}; before ${before.slice(0, 10)} the history is in ${printable(file)} (SHA-256 ${sha256})`];
}

/** What stands outside of the database, and what it cannot say. */
function checkpointLine({ checkpoints, entries }: LedgerVerificationView, style: Style): string {
  const { configured, compared, newest, publicKey } = checkpoints;
  if (!configured)
    return 'checkpoints: none are kept (PARLEY_CHECKPOINTS), so a ledger rewritten as a whole is not noticed.';
  if (newest === null) return 'checkpoints: none was signed yet.';
  const later = Math.max(0, entries - newest.size);
  const since =
    later === 0
      ? ''
      : `; ${counted(later, 'entry', 'entries')} since then ${later === 1 ? 'is' : 'are'} not signed yet`;
  const held = `held against ${counted(compared, 'checkpoint')}, the newest of ${clock(newest.at, style)}`;
  return `checkpoints: ${held} with ${counted(newest.size, 'entry', 'entries')}${since}. Key ${publicKey ?? '-'}`;
}

function problemLines(problems: LedgerVerificationView['problems']): readonly string[] {
  return problems.map(({ seq, entity, what }) => {
    const where = [seq === null ? '' : `entry ${seq}`, entity === null ? '' : `record ${entity}`];
    return `  ${where.filter((part) => part !== '').join(', ') || 'log'}: ${printable(what)}`;
  });
}

/** Whether an exported ledger proves itself, and on whose word. */
export function renderExportVerification(
  verified: ExportVerificationView,
  style: Style,
  { isTrusted }: { readonly isTrusted: boolean },
): string {
  const { ok, pair, record, entries, from, withValues, unsigned, root, checkpoints, problems } = verified;
  const amounts = `${counted(entries, 'entry', 'entries')}, ${withValues} with values`;
  const what = record === null ? `of ${pair}` : `of ${record} in ${pair}`;
  const head = ok
    ? `${paint(style, 'green', 'The export proves itself')}: ${amounts} ${what}.`
    : `${paint(style, 'red', 'The export does not prove itself')}: ${counted(problems.length, 'place')} of ${amounts} ${what}.`;
  const begins = from === 0 ? [] : [`It begins with entry ${from}: what was before is in another file.`];
  const { newest, compared, publicKey } = checkpoints;
  const signed =
    newest === null
      ? 'checkpoints: none, so nobody vouches for it.'
      : `checkpoints: held against ${counted(compared, 'checkpoint')}, the newest of ${newest.at} with ` +
        `${counted(newest.size, 'entry', 'entries')}; ${counted(unsigned, 'entry', 'entries')} not covered.`;
  const key =
    newest === null || publicKey === null
      ? []
      : [
          isTrusted
            ? `key ${publicKey}, which you named`
            : `key ${publicKey}, as the file says: compare it with the one you know, or name that with --key`,
        ];
  return [head, ...begins, ...problemLines(problems), signed, ...key, `root ${root}`].join('\n');
}
