import { isCancel, select, text } from '@clack/prompts';
import { connectorNames } from '../contract/config/schema.js';
import { wrongUsage } from './failure.js';
import { checkedName, type NewPair, type NewSide } from './scaffold.js';

type Known = { readonly name: string | undefined; readonly owner: string | undefined };

/** Asks a person for what a first pair needs. @throws ParleyError `request.invalid` when they give up */
export async function askForPair(known: Known): Promise<NewPair> {
  const name = known.name ?? (await typed('What do both systems know? This names the pair.', 'customers'));
  const owner = known.owner ?? (await typed('Who answers for it?', 'data'));
  const left = await askForSide('The first system: its name', 'crm');
  const right = await askForSide('The other system: its name', 'erp');
  return { name: checkedName(name, 'pair'), owner, sides: [left, right] };
}

async function askForSide(message: string, usual: string): Promise<NewSide> {
  const name = checkedName(await typed(message, usual), 'side');
  const picked = await select({
    message: `What is ${name}?`,
    options: connectorNames.map((connector) => ({ value: connector, label: connector })),
  });
  if (isCancel(picked)) throw givenUp();
  const usualObject = { csv: 'customers.csv', postgres: 'public.customers', http: 'customers' } as const;
  const object = await typed('Its table, file or collection', usualObject[picked]);
  return { name, connector: picked, object, key: await typed('The field that identifies a record', 'id') };
}

async function typed(message: string, usual: string): Promise<string> {
  const answer = await text({ message, placeholder: usual, defaultValue: usual });
  if (isCancel(answer)) throw givenUp();
  return answer.trim();
}

function givenUp(): Error {
  return wrongUsage('Nothing was written.', 'parley init asks again.');
}
