import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { exits } from '../exit-codes.js';
import { verifyFile } from '../offline-ledger.js';
import type { Outcome } from '../output.js';
import { performs, type Session } from '../perform.js';
import { renderExportVerification, renderLedgerVerification } from '../render/ledger-verification.js';

type Options = { readonly offline?: string; readonly key?: string };

export function ledgerVerify(parent: Command, session: Session): void {
  const command = parent
    .command('verify')
    .description('fold the whole ledger: does it prove what the hub holds, was any of it changed?')
    .argument('[pair]', 'the pair; not needed when there is only one')
    .option('--offline <file>', 'verify an exported ledger instead; needs no server')
    .option('--key <public key>', 'with --offline: the key that you trust, instead of the one in the file');
  performs<Options>(command, session, 'ledger-verify', async (context, [given], { offline, key }) => {
    if (offline !== undefined) return verifyOffline(context, resolve(context.terminal.cwd, offline), key ?? null);
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

async function verifyOffline(context: Context, file: string, key: string | null): Promise<Outcome> {
  const { checkpoints, ...rest } = await verifyFile(file, await context.machinery.proofs(), key);
  const { newest } = checkpoints;
  const at = newest === null ? null : { ...newest, at: new Date(newest.atMs).toISOString() };
  const data = { ...rest, problems: [...rest.problems], checkpoints: { ...checkpoints, newest: at } };
  return {
    exit: rest.ok ? exits.done : exits.failed,
    data,
    problems: rest.ok ? [] : [{ code: 'ledger.mismatch', message: `${file} does not prove itself.` }],
    text: renderExportVerification(data, context.output.style, { isTrusted: key !== null }),
  };
}
