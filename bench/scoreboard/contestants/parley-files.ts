import { type Field, fields, type Rule, type Setup } from '../arena.js';

/** How Parley says a rule, and as which type the field is compared. */
const policyOf: { readonly [rule in Rule]: string } = {
  ask: 'ask',
  newest: 'newest',
  'prefer-a': '{ prefer: a }',
  sum: 'delta',
  later: 'highest',
};
const typeOf: { readonly [field in Field]?: string } = { stock: 'decimal', updated_at: 'timestamp' };

export const connectionsFile = `
a: { connector: postgres, url: env:A_URL }
b: { connector: postgres, url: env:B_URL }
a_restored: { connector: postgres, url: env:A_RESTORED_URL }
`;

/** The pair of a probe, as a person would write it. */
export function pairFile(setup: Setup, table: string): string {
  const deletes = setup.deletes === 'follow' ? 'delete' : 'ask';
  return `
pair: ${setup.probe}
about: One probe of the scoreboard.
owner: bench
systems:
  a: { object: ${connectionOfA(setup)}/public.${table}, key: id }
  b: { object: b/public.${table}, key: id }
match: [ a.id = b.id ]
masters:
  either:
${fields.flatMap((field) => unitLine(setup, field)).join('\n')}
creates: { a: copy, b: copy }
deletes: { a: ${deletes}, b: ${deletes} }
run: { every: 1s }
`;
}

export const connectionOfA = ({ losesMetadata }: Setup): 'a' | 'a_restored' => (losesMetadata ? 'a_restored' : 'a');

function unitLine({ rules }: Setup, field: Field): readonly string[] {
  const rule = rules[field];
  if (rule === undefined) return [];
  const type = typeOf[field];
  return [
    `    ${field}: { a: ${field}, b: ${field}, ${type === undefined ? '' : `as: ${type}, `}conflict: ${policyOf[rule]} }`,
  ];
}

/** The same in a line, for the report. */
export function configurationOf({ rules, deletes }: Setup): string {
  const policies = Object.entries(rules).map(([field, rule]) => `${field}: ${policyOf[rule]}`);
  return `either may edit; ${policies.join(', ')}; deletes: ${deletes === 'follow' ? 'delete' : 'ask'}`;
}
