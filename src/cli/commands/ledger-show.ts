import type { Command } from 'commander';
import type { LedgerEntryView } from '../../contract/api/ledger.js';
import { ParleyError } from '../../core/errors.js';
import { given, position } from '../arguments.js';
import type { Context } from '../context.js';
import { performs, type Session } from '../perform.js';
import { renderEntry } from '../render/ledger.js';

export function ledgerShow(parent: Command, session: Session): void {
  const command = parent
    .command('show')
    .description('show one entry in full: facts, values, and what proves them')
    .argument('<seq>', 'position in the ledger, from 0', position);
  performs(command, session, 'ledger-show', async (context, [seq]) => {
    const entry = await entryAt(context, await context.pair(), Number(given(seq, 'The position')));
    return { data: entry, text: renderEntry(entry, context.output.style) };
  });
}

/** Events begin after a position, so the first one after `seq - 1` is the entry, where the ledger is that long. */
async function entryAt(context: Context, pair: string, seq: number): Promise<LedgerEntryView> {
  const enough = new AbortController();
  const { pairs } = await context.api(enough.signal);
  const { ledgerSize } = await pairs.show(pair);
  if (seq < ledgerSize) {
    try {
      for await (const event of pairs.events(pair, { after: seq - 1 })) {
        if (event.event !== 'entry') continue;
        if (event.entry.seq === seq) return event.entry;
        if (event.entry.seq > seq) throw retired(pair, seq, event.entry.seq);
      }
    } finally {
      enough.abort();
    }
  }
  throw new ParleyError(
    'request.not_found',
    `The ledger of ${pair} has no entry ${seq}: it ends at ${ledgerSize - 1}.`,
    {
      hint: `parley ledger list ${pair}`,
    },
  );
}

function retired(pair: string, seq: number, first: number): ParleyError {
  return new ParleyError(
    'ledger.retired',
    `Entry ${seq} of ${pair} is not in the database any more: its ledger begins with entry ${first}.`,
    { hint: `parley ledger verify ${pair} names the file that has what came before.` },
  );
}
