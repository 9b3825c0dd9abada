import type { BrokenFile } from './broken-file.js';

const name = 'name: { crm: name, erp: title }';
const phone = 'phone: { crm: phone, erp: tel }';
const match = '[ crm.id = erp.id ]';
const crm = '{ object: crm/public.accounts, key: id }';
const last = name;

/** What YAML itself refuses, or what we refuse of it. */
const yamlCases: readonly BrokenFile[] = [
  { name: 'an unclosed quote', line: 'owner: data', by: "owner: «'»data", problems: ['config.syntax'] },
  { name: 'an unclosed list', line: match, by: '«[» crm.id = erp.id', problems: ['config.syntax'] },
  { name: 'an unclosed mapping', line: phone, by: 'phone: «{» crm: phone, erp: tel', problems: ['config.syntax'] },
  {
    name: 'a value that starts with @',
    line: 'owner: data',
    by: 'owner: «@»data',
    problems: ['config.syntax'],
    hint: 'quotes',
  },
  {
    name: 'a colon inside a plain value',
    line: 'owner: data',
    by: 'owner: «a»: b',
    problems: ['config.syntax'],
    hint: 'quotes',
  },
  { name: 'a bad escape', line: 'owner: data', by: 'owner: "«\\»q"', problems: ['config.syntax'] },
  { name: 'a tab as indentation', line: '  either:', by: '«\t»either:', problems: ['config.tab'], hint: 'spaces' },
  {
    name: 'a duplicate key at the top',
    line: 'owner: data',
    by: 'owner: data\n«owner»: sales',
    problems: ['config.duplicate_key'],
  },
  {
    name: 'a duplicate key in a unit',
    line: name,
    by: 'name: { crm: name, erp: title, «crm»: other }',
    problems: ['config.duplicate_key'],
  },
  {
    name: 'a duplicate unit',
    line: name,
    by: `${name}\n    «name»: { crm: n, erp: t }`,
    problems: ['config.duplicate_key'],
  },
  { name: 'an anchor', line: 'owner: data', by: 'owner: «&who» data', problems: ['config.yaml_feature'] },
  {
    name: 'an anchor on a mapping',
    line: crm,
    by: '«&side» { object: crm/public.accounts, key: id }',
    problems: ['config.yaml_feature'],
  },
  {
    name: 'an alias',
    line: 'owner: data',
    by: 'about: «&a» x\nowner: «*a»',
    problems: ['config.yaml_feature', 'config.yaml_feature'],
  },
  {
    name: 'a merge key',
    line: name,
    by: 'name: { «<<»: { crm: name }, erp: title }',
    problems: ['config.yaml_feature'],
  },
  { name: 'a tag', line: 'owner: data', by: 'owner: «!!str» data', problems: ['config.yaml_feature'] },
  { name: 'a directive', by: '«%YAML 1.1»\n---\npair: suppliers\n', problems: ['config.yaml_feature'] },
  { name: 'a second document', line: last, by: `${name}\n«---»\npair: other`, problems: ['config.many_documents'] },
  { name: 'an empty file', by: '', problems: ['config.empty_file@start'] },
  { name: 'only a comment', by: '# nothing yet\n', problems: ['config.empty_file@start'] },
  { name: 'a list at the top', by: '- pair\n', problems: ['config.wrong_type@start'] },
  { name: 'a control character', line: 'owner: data', by: 'owner: da«\u001b»[31mta', problems: ['config.not_text'] },
  { name: 'a lone carriage return', line: 'owner: data', by: 'owner: data«\r»about: x', problems: ['config.not_text'] },
  {
    name: '__proto__ as a key',
    line: 'owner: data',
    by: 'owner: data\n«__proto__»: { x: 1 }',
    problems: ['config.yaml_feature'],
  },
];

/** Keys, types and words. */
const shapeCases: readonly BrokenFile[] = [
  {
    name: 'an unknown key at the top',
    line: 'owner: data',
    by: 'owner: data\n«abuot»: x',
    problems: ['config.unknown_key'],
    hint: 'about',
  },
  { name: 'a missing key at the top', line: 'owner: data\n', by: '', problems: ['config.missing_key@start'] },
  { name: 'no match rules', line: `match: ${match}\n`, by: '', problems: ['config.missing_key@start'] },
  { name: 'an empty list of match rules', line: match, by: '«[]»', problems: ['config.wrong_type'] },
  {
    name: 'a side without a key',
    line: `crm: ${crm}`,
    by: '«crm»: { object: crm/public.accounts }',
    problems: ['config.missing_key'],
    hint: 'key: id',
  },
  {
    name: 'an unknown key in a side',
    line: crm,
    by: '{ object: crm/public.accounts, key: id, «kye»: id }',
    problems: ['config.unknown_key'],
    hint: 'key',
  },
  {
    name: 'a number where text is meant',
    line: 'owner: data',
    by: 'owner: «2026»',
    problems: ['config.wrong_type'],
    hint: 'quotes',
  },
  { name: 'nothing where text is meant', line: 'owner: data', by: '«owner»:', problems: ['config.wrong_type'] },
  { name: 'text where units are meant', line: phone, by: '«phone»', problems: ['config.wrong_type'] },
  {
    name: 'a heading without units',
    line: `  crm:\n    ${phone}\n`,
    by: '  «crm»:\n',
    problems: ['config.wrong_type'],
  },
  {
    name: 'a number as a field',
    line: name,
    by: 'name: { crm: «7», erp: title }',
    problems: ['config.wrong_type'],
    hint: 'quotes',
  },
  { name: 'an empty group', line: name, by: 'name: { crm: «[]», erp: title }', problems: ['config.wrong_type'] },
  {
    name: 'a word that does not exist',
    line: name,
    by: 'name: { crm: name, erp: title, as: «txet» }',
    problems: ['config.unknown_word'],
    hint: 'text',
  },
  {
    name: 'a word of another tool',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: «manual» }',
    problems: ['config.unknown_word'],
    hint: 'the word is ask',
  },
  {
    name: 'a side as a policy',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: «crm» }',
    problems: ['config.unknown_word'],
    hint: '{ prefer: crm }',
  },
  {
    name: 'a list as a policy',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: «[ask]» }',
    problems: ['config.wrong_type'],
  },
  {
    name: 'an unknown key in a policy',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: { prefer: crm, «els»: ask } }',
    problems: ['config.unknown_key'],
  },
  {
    name: 'a mistyped setting of a unit',
    line: name,
    by: 'name: { crm: name, erp: title, «sane»: letters }',
    problems: ['config.unknown_key'],
    hint: 'same',
  },
  {
    name: 'an unknown word for new records',
    line: last,
    by: `${name}\ncreates: { crm: «create» }`,
    problems: ['config.unknown_word'],
    hint: 'copy',
  },
  {
    name: 'a pair that is not called like its file',
    line: 'pair: suppliers',
    by: 'pair: «supplier»',
    problems: ['config.name_differs'],
    hint: 'pair: suppliers',
  },
];

export const brokenLanguage: readonly BrokenFile[] = [...yamlCases, ...shapeCases];
