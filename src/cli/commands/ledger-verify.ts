import type { Command } from 'commander';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { renderLedgerVerification } from '../render/ledger.js';

export function ledgerVerify(parent: Command, session: Session): void {
  const command = parent
    .command('verify')
    .description('fold the whole ledger: does it prove what the hub holds, was any of it changed?')
    .argument('[pair]', 'the pair; not needed when there is only one');
  performs(command, session, 'ledger-verify', async (context, [given]) => {
    const pair = await context.pair(given);
    const verified = await (await context.api()).pairs.verifyLedger(pair);
    const message = `The ledger of ${pair} does not prove what the hub holds.`;
    return {
      exit: verified.ok ? exits.done : exits.failed,
      data: verified,
      problems: verified.ok ? [] : [{ code: 'ledger.mismatch', message }],
      text: renderLedgerVerification(verified, context.output.style),
    };
  });
}
