import type { Command } from 'commander';
import { eachRow } from '../../contract/api/client.js';
import type { LedgerEntryView } from '../../contract/api/ledger.js';
import { type Place, given, recordPlace } from '../arguments.js';
import { wrongUsage } from '../failure.js';
import { performs, type Session } from '../perform.js';
import { renderBlame } from '../render/record.js';

export function recordBlame(parent: Command, session: Session): void {
  const command = parent
    .command('blame')
    .description('every value that one field of a record had: when, by whom, known how')
    .argument('<side:key>', 'such as crm:17', recordPlace)
    .requiredOption('--field <name>', 'the shared name of the field');
  performs<{ field: string }>(command, session, 'record-blame', async (context, [place], { field }) => {
    const pair = await context.pair();
    const record = { pair, ...given(place as Place | undefined, 'The record') };
    const { records } = await context.api();
    const shown = await records.show(pair, record.side, record.key);
    const names = shown.units.map(({ unit }) => unit);
    if (!names.includes(field)) throw wrongUsage(`There is no field "${field}".`, `Fields: ${names.join(', ')}.`);
    const entries: LedgerEntryView[] = [];
    for await (const entry of eachRow((page) => records.ledger(record, { ...page, limit: 500 }))) {
      if (entry.units.includes(field)) entries.push(entry);
    }
    const text = renderBlame(shown, field, entries, context.output.style);
    return { data: { record: shown, unit: field, entries }, text };
  });
}
