import type { BrokenFile } from './broken-file.js';

const name = 'name: { crm: name, erp: title }';
const phone = 'phone: { crm: phone, erp: tel }';

/** Rules by the record, by the kind of conflict and by side where they cannot be meant. */
export const brokenSegments: readonly BrokenFile[] = [
  {
    name: 'a segment that reads what stands after the unit',
    line: name,
    by: `name: { crm: name, erp: title, conflict: { when: «in_eu», use: ask, else: newest } }\n    land: { crm: l, erp: l }\nsegments: { in_eu: land == "DE" }`,
    problems: ['config.bad_expression'],
    hint: 'move that unit up',
  },
  {
    name: 'a segment that reads nothing that is there, used or not',
    line: name,
    by: `${name}\nsegments: { in_eu: «lnd» == "DE" }`,
    problems: ['config.bad_expression'],
    hint: 'possible here',
  },
  {
    name: 'a segment that gives no yes or no',
    line: name,
    by: `${name}\nsegments: { in_eu: «phone» }`,
    problems: ['config.bad_expression'],
  },
  {
    name: 'a segment that is no expression, used by a unit',
    line: name,
    by: `name: { crm: name, erp: title, conflict: { when: in_eu, use: ask, else: newest } }\nsegments: { in_eu: phone == «=» "DE" }`.replace(
      '== = "',
      '== «=» "',
    ),
    problems: ['config.bad_expression'],
  },
  {
    name: 'a segment that names one after it',
    line: name,
    by: `${name}\nsegments:\n  big: «in_eu» && phone != ""\n  in_eu: phone == "1"`,
    problems: ['config.bad_expression'],
  },
  {
    name: 'a segment with the name of a unit',
    line: name,
    by: `${name}\nsegments: { «phone»: name == "DE" }`,
    problems: ['config.bad_name'],
    hint: 'a name of its own',
  },
  {
    name: 'a segment with the name of a side',
    line: name,
    by: `${name}\nsegments: { «erp»: name == "DE" }`,
    problems: ['config.bad_name'],
  },
  {
    name: 'a segment with a name that expressions cannot read',
    line: name,
    by: `${name}\nsegments: { «in-eu»: name == "DE", «type»: name == "DE" }`,
    problems: ['config.bad_name', 'config.bad_name'],
    hint: 'lower-case',
  },
  {
    name: 'a heading that is a segment which says nothing about who decides',
    line: name,
    by: `${name}\n  «in_eu»:\n    land: { crm: l, erp: l }\nsegments: { in_eu: phone == "DE" }`,
    problems: ['config.rule_not_here'],
    hint: 'use: { master: SIDE }',
  },
  {
    name: 'a policy under a segment, which says who decides',
    line: name,
    by: `${name}\n  in_eu:\n    land: { crm: l, erp: l, «conflict»: newest }\nsegments:\n  in_eu: { when: phone == "DE", use: { master: crm }, else: ask }`,
    problems: ['config.rule_not_here'],
    hint: 'either',
  },
  {
    name: 'a segment under which no such side has the field',
    line: name,
    by: `${name}\n  in_eu:\n    land: { crm: l, erp: l }\nsegments:\n  in_eu: { when: phone == "DE", use: { master: «pos» }, else: ask }`,
    problems: ['config.unknown_side'],
  },
  {
    name: 'first contact by time',
    line: name,
    by: 'name: { crm: name, erp: title, first: «newest» }',
    problems: ['config.rule_not_here'],
    hint: 'prefer',
  },
  {
    name: 'first contact by text, where something else has no answer',
    line: name,
    by: 'name: { crm: name, erp: title, first: { prefer: crm, otherwise: «text» } }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'a first contact that only rises',
    line: name,
    by: 'name: { crm: name, erp: title, as: date, first: { highest: { «monotone»: true } } }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'first contact where a side decides alone',
    line: phone,
    by: 'phone: { crm: phone, erp: tel, «first»: ask }',
    problems: ['config.rule_not_here'],
    hint: 'either',
  },
  {
    name: 'a stray edit of the side that decides',
    line: phone,
    by: 'phone: { crm: phone, erp: tel, stray: { «crm»: leave } }',
    problems: ['config.rule_not_here'],
    hint: 'remove',
  },
  {
    name: 'stray edits of a side that is not there',
    line: phone,
    by: 'phone: { crm: phone, erp: tel, stray: { «pos»: leave } }',
    problems: ['config.unknown_side'],
  },
  {
    name: 'an unknown word for the stray edits of a side',
    line: phone,
    by: 'phone: { crm: phone, erp: tel, stray: { erp: «revert» } }',
    problems: ['config.unknown_word'],
    hint: 'restore',
  },
  {
    name: 'a blank by side that only a master could mean',
    line: name,
    by: 'name: { crm: name, erp: title, blank: { erp: «keeps» } }',
    problems: ['config.rule_not_here'],
  },
  {
    name: 'deletes by a condition that is none',
    line: name,
    by: `${name}\ndeletes: { crm: { when: '«fone» == ""', use: delete, else: ask } }`,
    problems: ['config.bad_expression'],
    hint: 'phone',
  },
  {
    name: 'deletes by a condition, with a word of another rule',
    line: name,
    by: `${name}\ndeletes: { crm: { when: 'phone == ""', use: «copy», else: ask } }`,
    problems: ['config.unknown_word'],
  },
  {
    name: 'an archive that would depend on what the record holds',
    line: name,
    by: `${name}\ndeletes: { crm: { when: 'phone == ""', use: «archive», else: ask } }`,
    problems: ['config.rule_not_here'],
    hint: 'every record',
  },
  {
    name: 'creates by half a condition',
    line: name,
    by: `${name}\ncreates: { «crm»: { when: 'phone == ""', use: copy } }`,
    problems: ['config.missing_key'],
  },
  {
    name: 'refused writes of a side that is not there',
    line: name,
    by: `${name}\nrefused: { «pos»: leave }`,
    problems: ['config.unknown_side'],
  },
  {
    name: 'refused writes that would be made all the same',
    line: name,
    by: `${name}\nrefused: { erp: «retry» }`,
    problems: ['config.unknown_word'],
  },
];
