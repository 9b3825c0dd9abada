import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { ExportLineView } from '../../contract/api/ledger-export.js';
import { errorOfProblem } from '../../contract/api/transport.js';
import { given, type Place, recordPlace } from '../arguments.js';
import { fileFailure } from '../file-failure.js';
import { performs, type Session } from '../perform.js';
import { counted } from '../render/value.js';

type Options = { readonly values: boolean; readonly record?: Place };

export function ledgerExport(parent: Command, session: Session): void {
  const command = parent
    .command('export')
    .description('write the ledger to a file that proves itself: parley ledger verify --offline FILE')
    .argument('<file>', 'a new file; one JSON object a line')
    .option('--no-values', 'commitments only: proves the same, and holds no value of a record')
    .option('--record <side:key>', 'one record only, each entry with its proof', recordPlace);
  performs<Options>(command, session, 'ledger-export', async (context, [name], { values, record }) => {
    const file = resolve(context.terminal.cwd, given(name, 'The file'));
    const pair = await context.pair();
    const api = await context.api();
    const query = { values: values ? ('true' as const) : ('false' as const), ...record };
    const tally = { entries: 0, checkpoints: 0, root: '' };
    async function* lines(): AsyncGenerator<string> {
      for await (const line of api.pairs.exportLedger(pair, query)) {
        if (line.line === 'problem') throw errorOfProblem(line.problem);
        note(tally, line);
        yield `${JSON.stringify(line)}\n`;
      }
    }
    try {
      await pipeline(Readable.from(lines()), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      throw fileFailure(error, file);
    }
    const what = `${counted(tally.entries, 'entry', 'entries')} and ${counted(tally.checkpoints, 'checkpoint')}`;
    return {
      data: { file, pair, ...tally },
      text: `Wrote ${what} of ${pair} to ${file}.`,
      next: `parley ledger verify --offline ${given(name, 'The file')}`,
    };
  });
}

function note(tally: { entries: number; checkpoints: number; root: string }, line: ExportLineView): void {
  if (line.line === 'entry') tally.entries += 1;
  if (line.line === 'checkpoint') tally.checkpoints += 1;
  if (line.line === 'end') tally.root = line.root;
}
