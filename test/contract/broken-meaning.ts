import type { BrokenFile } from './broken-file.js';

const name = 'name: { crm: name, erp: title }';
const phone = 'phone: { crm: phone, erp: tel }';
const crm = '{ object: crm/public.accounts, key: id }';
const last = name;

/** Names that must exist elsewhere, and rules that must be able to act. */
const meaningCases: readonly BrokenFile[] = [
  {
    name: 'one side only',
    line: 'systems:\n  crm: { object: crm/public.accounts, key: id }\n  erp: { object: erp/suppliers.csv, key: id }',
    by: '«systems»:\n  crm: { object: crm/public.accounts, key: id }',
    problems: ['config.too_few_sides'],
  },
  {
    name: 'a side with a reserved name',
    line: 'match:',
    by: '  «either»: { object: erp/b.csv, key: id }\nmatch:',
    problems: ['config.bad_name'],
  },
  {
    name: 'a side in capitals',
    line: 'match:',
    by: '  «CRM2»: { object: erp/b.csv, key: id }\nmatch:',
    problems: ['config.bad_name'],
  },
  {
    name: 'an unknown connection',
    line: crm,
    by: '{ object: «crn»/public.accounts, key: id }',
    problems: ['config.unknown_connection'],
    hint: 'crm',
  },
  {
    name: 'an object without a connection',
    line: crm,
    by: '{ object: «crm», key: id }',
    problems: ['config.bad_object'],
  },
  {
    name: 'an object outside its folder',
    line: 'erp/suppliers.csv',
    by: '«erp/../secret.csv»',
    problems: ['config.bad_object'],
  },
  {
    name: 'one object as two sides',
    line: 'erp/suppliers.csv',
    by: '«crm/public.accounts»',
    problems: ['config.same_object'],
  },
  {
    name: 'a filter',
    line: crm,
    by: '{ object: crm/public.accounts, key: id, «only»: "a = 1" }',
    problems: ['config.not_available'],
  },
  {
    name: 'a heading that is no side',
    line: '  crm:\n',
    by: '  «cmr»:\n',
    problems: ['config.unknown_side'],
    hint: 'crm',
  },
  {
    name: 'a unit with an unknown side',
    line: name,
    by: 'name: { crm: name, erp: title, «erq»: x }',
    problems: ['config.unknown_side'],
    hint: 'erp',
  },
  { name: 'a unit of one side', line: name, by: '«name»: { crm: name }', problems: ['config.too_few_sides'] },
  {
    name: 'a unit name with a space',
    line: name,
    by: '«full name»: { crm: name, erp: title }',
    problems: ['config.bad_name'],
  },
  {
    name: 'a unit under two headings',
    line: name,
    by: `${name}\n    «phone»: { crm: p, erp: t }`,
    problems: ['config.two_masters'],
  },
  {
    name: 'a conflict rule under a master',
    line: phone,
    by: 'phone: { crm: phone, erp: tel, «conflict»: newest }',
    problems: ['config.rule_not_here'],
    hint: 'either',
  },
  {
    name: 'a stray rule under either',
    line: name,
    by: 'name: { crm: name, erp: title, «stray»: leave }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'a blank rule of the other heading',
    line: phone,
    by: 'phone: { crm: phone, erp: tel, blank: «fill» }',
    problems: ['config.rule_not_here'],
    hint: 'keeps, clears',
  },
  {
    name: 'join under either',
    line: name,
    by: 'name: { crm: [a, b], erp: title, as: «join» }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'join of one field',
    line: phone,
    by: 'phone: { crm: «phone», erp: tel, as: join }',
    problems: ['config.group_mismatch'],
  },
  {
    name: 'join into two fields',
    line: phone,
    by: 'phone: { crm: [a, b], erp: «[c, d]», as: join }',
    problems: ['config.group_mismatch'],
  },
  {
    name: 'groups of different sizes',
    line: name,
    by: 'name: { crm: [a, b], erp: «[c, d, e]» }',
    problems: ['config.group_mismatch'],
    hint: 'join',
  },
  {
    name: 'a comparison that does not fit',
    line: name,
    by: 'name: { crm: name, erp: title, as: date, same: «words» }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'two writers of one field',
    line: name,
    by: 'name: { crm: name, erp: «tel» }',
    problems: ['config.two_writers'],
  },
  {
    name: 'two writers of one nested field',
    line: name,
    by: 'name: { crm: home, erp: title }\n    town: { crm: «home.town», erp: town }',
    problems: ['config.two_writers'],
  },
  {
    name: 'a field twice in a group',
    line: name,
    by: 'name: { crm: [name, «name»], erp: [a, b] }',
    problems: ['config.two_writers'],
  },
  { name: 'a key as a unit', line: name, by: 'name: { crm: name, erp: «id» }', problems: ['config.key_mapped'] },
  {
    name: 'a preferred side that does not exist',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: { prefer: «cmr» } }',
    problems: ['config.unknown_side'],
    hint: 'crm',
  },
  {
    name: 'a policy that was already tried',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: { prefer: crm, «otherwise»: { prefer: crm } } }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'an unknown side for new records',
    line: last,
    by: `${name}\ncreates: { «epr»: copy }`,
    problems: ['config.unknown_side'],
    hint: 'erp',
  },
  {
    name: 'a side that no match rule reaches',
    line: 'match:',
    by: '  web: { object: erp/web.csv, key: id }\n«match»:',
    problems: ['config.side_not_matched'],
  },
  {
    name: 'a field that every write changes',
    line: name,
    by: 'name: { crm: «updated_at», erp: changed }',
    problems: ['config.changes_with_every_write'],
  },
];

/** Times, limits, words of the documented language that are not executed, secrets. */
const otherCases: readonly BrokenFile[] = [
  {
    name: 'a duration without a number',
    line: last,
    by: `${name}\nrun: { every: «soon» }`,
    problems: ['config.bad_duration'],
  },
  {
    name: 'a duration without a unit',
    line: last,
    by: `${name}\nrun: { every: "«90»" }`,
    problems: ['config.bad_duration'],
  },
  {
    name: 'a number as a duration',
    line: last,
    by: `${name}\nrun: { every: «90» }`,
    problems: ['config.wrong_type'],
    hint: '5m',
  },
  {
    name: 'an unknown unit of time',
    line: last,
    by: `${name}\nrun: { every: 5«min» }`,
    problems: ['config.bad_duration'],
  },
  { name: 'a duration of nothing', line: last, by: `${name}\nrun: { every: «0s» }`, problems: ['config.bad_duration'] },
  {
    name: 'a time of day that does not exist',
    line: last,
    by: `${name}\nrun: { verify: daily «25:00» Europe/Berlin }`,
    problems: ['config.bad_duration'],
  },
  {
    name: 'a time of day without a zone',
    line: last,
    by: `${name}\nrun: { verify: 'daily 02:00«'» }`,
    problems: ['config.bad_duration'],
  },
  {
    name: 'a zone that does not exist',
    line: last,
    by: `${name}\nrun: { verify: daily 02:00 «Europe/Berlim» }`,
    problems: ['config.bad_duration'],
  },
  {
    name: 'words after the zone',
    line: last,
    by: `${name}\nrun: { verify: daily 02:00 UTC «or so» }`,
    problems: ['config.bad_duration'],
  },
  {
    name: 'a bad width of newest',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: { newest: { within: 1«w» } } }',
    problems: ['config.bad_duration'],
  },
  {
    name: 'a limit of another unit',
    line: last,
    by: `${name}\ndeletes: { limit: 10 «per day» }`,
    problems: ['config.bad_limit'],
  },
  {
    name: 'a number as a limit',
    line: last,
    by: `${name}\ndeletes: { limit: «10» }`,
    problems: ['config.wrong_type'],
    hint: '10 per run',
  },
  {
    name: 'a type that is not executed',
    line: name,
    by: 'name: { crm: name, erp: title, as: «money(minor)» }',
    problems: ['config.not_available'],
  },
  {
    name: 'a word of another tool for a delete that an edit wins over',
    line: last,
    by: `${name}\ndeletes: { edited: «update_wins» }`,
    problems: ['config.unknown_word'],
    hint: 'restore',
  },
  { name: 'archiving', line: last, by: `${name}\ndeletes: { crm: «archive» }`, problems: ['config.not_available'] },
  {
    name: 'a condition in a policy',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: { prefer: crm, «when»: x } }',
    problems: ['config.rule_not_here'],
    hint: 'when: …, use: …, else: …',
  },
  {
    name: 'a condition in a unit',
    line: name,
    by: 'name: { crm: name, erp: title, «when»: x }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'words that only warn',
    line: last,
    by: `${name}\nconflicts: { «due»: 4 business hours }\nrun: { «listen»: true, «quiet»: x }\n«alerts»: []`,
    problems: ['config.not_available', 'config.not_available', 'config.not_available', 'config.not_available'],
  },
  {
    name: 'runs at a time of day',
    line: last,
    by: `${name}\nrun: { every: «daily 02:00 UTC» }`,
    problems: ['config.not_available'],
  },
  {
    name: 'a default policy that cannot win anywhere',
    line: last,
    by: `${name}\nconflicts: { default: { prefer: «epr» } }`,
    problems: ['config.unknown_side'],
    hint: 'erp',
  },
  {
    name: 'an address with a password in a comment',
    line: 'owner: data',
    by: 'owner: data # postgres://u:«hunter2»@db/x',
    problems: ['config.secret_in_file'],
    hint: 'env:NAME',
  },
  {
    name: 'a token as a value',
    line: 'owner: data',
    by: `owner: «ghp_${'a1B2'.repeat(9)}»`,
    problems: ['config.secret_in_file'],
  },
];

export const brokenMeaning: readonly BrokenFile[] = [...meaningCases, ...otherCases];
