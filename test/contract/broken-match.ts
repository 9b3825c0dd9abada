import type { BrokenFile } from './broken-file.js';

const match = '[ crm.id = erp.id ]';

/** Match rules that the file cannot mean. */
export const brokenMatch: readonly BrokenFile[] = [
  {
    name: 'an unknown side in a match rule',
    line: match,
    by: '[ «cmr».id = erp.id ]',
    problems: ['config.unknown_side'],
    hint: 'crm',
  },
  { name: 'a match rule without a field', line: match, by: '[ crm.id = «erp» ]', problems: ['config.bad_match'] },
  { name: 'a match rule within one side', line: match, by: '[ crm.id = «crm.ref» ]', problems: ['config.bad_match'] },
  { name: 'a match rule with two signs', line: match, by: '[ «crm.id == erp.id» ]', problems: ['config.bad_match'] },
  {
    name: 'a likely rule with an unknown unit',
    line: match,
    by: '[ name + «phon» ]',
    problems: ['config.unknown_unit'],
    hint: 'phone',
  },
  { name: 'a likely rule with a hole', line: match, by: "[ 'name +«'» ]", problems: ['config.bad_match'] },
  { name: 'a guess at anything', line: match, by: '[ crm.id = erp.id, «name ~ 0.2» ]', problems: ['config.bad_match'] },
  {
    name: 'a guess without a number',
    line: match,
    by: '[ crm.id = erp.id, «name ~ x» ]',
    problems: ['config.bad_match'],
  },
  {
    name: 'a guess by an unknown unit',
    line: match,
    by: '[ crm.id = erp.id, «nam» ~ 0.9 ]',
    problems: ['config.unknown_unit'],
    hint: 'name',
  },
  {
    name: 'evidence of one unit',
    line: match,
    by: '[ crm.id = erp.id, { weigh: «{ name: 0.9 }», ask: 5 } ]',
    problems: ['config.bad_match'],
  },
  {
    name: 'evidence of an unknown unit',
    line: match,
    by: '[ crm.id = erp.id, { weigh: { name: 0.9, «phon»: 0.8 }, ask: 5 } ]',
    problems: ['config.unknown_unit'],
    hint: 'phone',
  },
  {
    name: 'a link that asks never',
    line: match,
    by: '[ crm.id = erp.id, { weigh: { name: 0.9, phone: 0.8 }, ask: 5, link: «5» } ]',
    problems: ['config.bad_match'],
  },
];
