/** Records that name an account, in each system by its own key there. `rest`: what stands below it in the file. */
export const contactsPair = (settings = '', rest = ''): string => `pair: contacts
owner: test
systems:
  crm: { object: crm/crm.contacts, key: id }
  erp: { object: erp/erp.people, key: id }
match: [ crm.id = erp.id ]
masters:
  either:
    name: { crm: name, erp: name }
    account: { crm: account_id, erp: supplier, as: reference, to: accounts${settings} }
creates: { crm: copy, erp: copy }
${rest}`;
