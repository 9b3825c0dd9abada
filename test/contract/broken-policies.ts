import type { BrokenFile } from './broken-file.js';

const name = 'name: { crm: name, erp: title }';
const phone = 'phone: { crm: phone, erp: tel }';

/** Policies where they cannot decide, and what they need to. */
export const brokenPolicies: readonly BrokenFile[] = [
  {
    name: 'a policy that is not executed',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: «delta» }',
    problems: ['config.not_available'],
  },
  {
    name: 'the highest of texts',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: «highest» }',
    problems: ['config.rule_not_here'],
    hint: 'as: integer',
  },
  {
    name: 'the lowest of groups',
    line: name,
    by: 'name: { crm: [name, a], erp: [title, b], as: integer, conflict: { prefer: crm, otherwise: «lowest» } }',
    problems: ['config.rule_not_here'],
    hint: 'unit of its own',
  },
  {
    name: 'a monotone rule that would hold for clashes only',
    line: name,
    by: 'name: { crm: n, erp: t, as: date, conflict: { prefer: crm, otherwise: { highest: { «monotone»: true } } } }',
    problems: ['config.rule_not_here'],
    hint: 'as the policy itself',
  },
  {
    name: 'an unknown setting of highest',
    line: name,
    by: 'name: { crm: name, erp: title, as: date, conflict: { highest: { «monoton»: true } } }',
    problems: ['config.unknown_key'],
    hint: 'monotone',
  },
  {
    name: 'a policy under another name',
    line: name,
    by: 'name: { crm: name, erp: title, as: date, conflict: «maximum» }',
    problems: ['config.unknown_word'],
    hint: 'highest',
  },
  {
    name: 'a proposal of joined text',
    line: phone,
    by: 'phone: { crm: [a, b], erp: tel, as: join, stray: «propose» }',
    problems: ['config.rule_not_here'],
    hint: 'stray: leave',
  },
  {
    name: 'a set of texts',
    line: name,
    by: 'name: { crm: name, erp: title, conflict: «set» }',
    problems: ['config.rule_not_here'],
    hint: 'as: list',
  },
  {
    name: 'a merged number',
    line: name,
    by: 'name: { crm: name, erp: title, as: decimal, conflict: «{ text: words }» }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'a list that does not say how it is written',
    line: name,
    by: '«name»: { crm: name, erp: title, as: list }',
    problems: ['config.missing_key'],
    hint: 'form: ";"',
  },
  {
    name: 'a list that one side does not say how it writes',
    line: name,
    by: 'name: { crm: name, erp: title, as: list, «form»: { crm: json } }',
    problems: ['config.missing_key'],
    hint: 'erp',
  },
  {
    name: 'a letter between the elements of a list',
    line: name,
    by: 'name: { crm: name, erp: title, as: list, form: «and» }',
    problems: ['config.unknown_word'],
    hint: 'json',
  },
  {
    name: 'the form of a side that has no field',
    line: name,
    by: 'name: { crm: name, erp: title, as: list, form: { crm: json, erp: json, «epr»: json } }',
    problems: ['config.unknown_side'],
    hint: 'erp',
  },
  {
    name: 'a form of something that is no list',
    line: name,
    by: 'name: { crm: name, erp: title, «form»: json }',
    problems: ['config.rule_not_here'],
    hint: 'as: list',
  },
  {
    name: 'a group of lists',
    line: name,
    by: '«name»: { crm: [name, a], erp: [title, b], as: list, form: json }',
    problems: ['config.rule_not_here'],
    hint: 'unit of its own',
  },
];
