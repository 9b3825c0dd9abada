/**
 * The pair of these tests: one side decides addresses, either corrects names, a clash about a phone goes to the ERP. What people
 * type while everything is down comes at once, and no brake is meant to stop it here.
 */
export const pairFile = (pair: string, deletes: 'ask' | 'delete' = 'ask'): string => `pair: ${pair}
about: The companies we buy from.
owner: data
systems:
  crm: { object: crm/public.accounts, key: assignment }
  erp: { object: erp/suppliers.csv, key: assignment }
match: [ crm.assignment = erp.assignment ]
masters:
  crm: { address: { crm: street, erp: organization_address, same: exact } }
  either:
    name: { crm: name, erp: organization_name, same: exact }
    phone: { crm: phone, erp: phone, same: exact, conflict: { prefer: erp } }
creates: { crm: copy, erp: copy }
deletes: { crm: ${deletes}, erp: ${deletes} }
run: { every: 1s }
limits: { changes: 100 % }
`;
