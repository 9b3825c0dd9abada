import type { Command } from 'commander';
import type { LinkAnswer } from '../../contract/api/records.js';
import { ParleyError } from '../../core/errors.js';
import { given, type Place, recordPlace } from '../arguments.js';
import { confirmed } from '../ask.js';
import { performs, type Session } from '../perform.js';
import { place as shownPlace, quotedValue } from '../render/value.js';
import type { Style } from '../render/style.js';

export function recordLink(parent: Command, session: Session): void {
  const command = parent
    .command('link')
    .description('make one record of two that are known: they are read together as on first contact')
    .argument('<side:key>', 'a record, such as crm:17', recordPlace)
    .argument('<other side:key>', 'the record of another side that it is one with, such as erp:A-9', recordPlace)
    .option('--dry-run', 'only say what would be written and asked')
    .option('--note <text>', 'why; the ledger keeps it');
  performs<{ note?: string; dryRun?: boolean }>(
    command,
    session,
    'record-link',
    async (context, [record, other], options) => {
      const { side, key } = given(record as Place | undefined, 'The record');
      const to = given(other as Place | undefined, 'The other record');
      const pair = await context.pair();
      const [name, otherName] = [shownPlace(side, key), shownPlace(to.side, to.key)];
      const again = `parley record link ${side}:${key} ${to.side}:${to.key}`;
      const api = await context.api();
      const request = { to, note: options.note ?? null, dryRun: true };
      const planned = await api.records.link({ pair, side, key }, request);
      const { style } = context.output;
      if (options.dryRun === true) {
        const text = [...linesOf(planned, style), 'Nothing was changed.'].join('\n');
        return { data: planned, text, next: again };
      }
      for (const line of linesOf(planned, style)) context.output.note(line);
      if (!(await confirmed(context, `Link ${name} to ${otherName}?`, again)))
        throw new ParleyError('pair.not_approved', `${name} was not linked.`);
      const answer = await api.records.link({ pair, side, key }, { ...request, dryRun: false });
      const text = `${name} and ${otherName} are one record now (record ${answer.entity}).`;
      const next = answer.asks.length === 0 ? {} : { next: 'parley review' };
      return { data: answer, text: [...linesOf(answer, style), text].join('\n'), ...next };
    },
  );
}

function linesOf({ writes, asks }: LinkAnswer, style: Style): readonly string[] {
  const written = writes.flatMap(({ side, kind, fields }) => {
    const values = Object.entries(fields).map(([field, value]) => `  ${side} ${field}: ${quotedValue(value, style)}`);
    return values.length === 0 ? [`  ${side}: ${kind}`] : values;
  });
  return [...written, ...asks.map(({ unit, kind }) => `  ${unit ?? 'record'}: a person is asked (${kind})`)];
}
