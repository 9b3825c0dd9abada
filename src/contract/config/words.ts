import type { ParentDeletedRule } from '../../core/reference.js';
import type {
  CreateRule,
  DeleteRule,
  EditedRule,
  PairRules,
  RefusedRule,
  StoredForm,
  UnitRules,
} from '../../core/rules.js';

/**
 * The closed word lists of the language: what this version executes, and what the documentation names but this version
 * does not execute yet. A word of the second kind is never ignored and never mistaken for a typing error.
 */
export const lensWords = [
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'timestamp',
  'join',
  'list',
  'reference',
] as const satisfies readonly UnitRules['as'][];
export const equalityWords = [
  'exact',
  'trimmed',
  'letters',
  'words',
  'decimal',
  'boolean',
  'timestamp',
] as const satisfies readonly UnitRules['same'][];
export const createWords = ['copy', 'ask', 'ignore'] as const satisfies readonly CreateRule[];
export const editedWords = ['ask', 'delete', 'restore'] as const satisfies readonly EditedRule[];
export const deleteWords = ['ask', 'delete', 'archive', 'restore', 'ignore'] as const satisfies readonly DeleteRule[];
/** Whether a record is archived is looked up again after the delete, so it cannot depend on what the record holds. */
export const conditionalDeleteWords = ['ask', 'delete', 'restore', 'ignore'] as const satisfies readonly DeleteRule[];
export const refusedWords = ['ask', 'leave'] as const satisfies readonly RefusedRule[];
export const parentDeletedWords = ['restrict', 'nullify', 'cascade'] as const satisfies readonly ParentDeletedRule[];
export const outOfScopeWords = ['unlink', 'delete'] as const;
export const strayWords = ['restore', 'leave', 'propose'] as const;
export const masterBlankWords = ['keeps', 'clears'] as const;
export const eitherBlankWords = ['value', 'ignore', 'fill'] as const;
export const policyWords = ['ask', 'newest', 'highest', 'lowest', 'set', 'text', 'delta'] as const;
/** Connectors that write with compare-and-set on the values, and can tell afterwards whether a write was made. */
export const certainConnectors: readonly string[] = ['postgres'];
export const setWords = ['add-wins', 'remove-wins'] as const;
export const flipWords = ['nothing', 'realign'] as const;
export const roundWords = ['half-up', 'half-even', 'down'] as const satisfies readonly StoredForm['round'][];
export const caseWords = ['upper', 'lower'] as const satisfies readonly StoredForm['case'][];
export const spaceWords = ['trim', 'collapse'] as const satisfies readonly StoredForm['spaces'][];
export const textWords = ['lines', 'words'] as const;
export const runDefaults = { everyMs: 300_000, verifyEveryMs: 86_400_000 } as const satisfies Partial<PairRules['run']>;
/** Newest decides only when both edits are known this precisely; wider apart it would be a coin toss. */
export const newestWithinDefaultMs = 86_400_000;

/** Words of the language that this version does not execute, by the setting they stand in. */
const plannedWords: { readonly [setting: string]: RegExp } = {
  as: /^(phone|country|e-?mail|money(\(\w+\))?|split|values|url|time|percent|language|currency)$/,
  same: /^(phone|email|country|digits|url)$/,
  deletes: /^unlink$/,
  creates: /^(archive|link)$/,
  connector: /^(mysql|mariadb|rest|graphql|webhook|xlsx|sftp|s3|salesforce|hubspot|shopify|quickbooks|stripe|zendesk)$/,
};

export function isPlanned(setting: string, word: string): boolean {
  return Object.hasOwn(plannedWords, setting) && (plannedWords[setting]?.test(word) ?? false);
}

/** Words from other tools for the same idea, so that a hint can translate. */
const translations: { readonly [setting: string]: { readonly [word: string]: string } } = {
  conflict: {
    manual: 'ask',
    lww: 'newest',
    latest: 'newest',
    last_writer_wins: 'newest',
    review: 'ask',
    master: '{ prefer: SIDE }',
    max: 'highest',
    maximum: 'highest',
    union: 'set',
    merge: 'text',
    diff3: 'text',
    min: 'lowest',
    minimum: 'lowest',
    sum: 'delta',
    add: 'delta',
    counter: 'delta',
    increment: 'delta',
  },
  stray: { revert: 'restore', guard: 'restore', allow: 'leave', keep: 'leave', ask: 'propose', suggest: 'propose' },
  creates: { create: 'copy', insert: 'copy', yes: 'copy', no: 'ignore', never: 'ignore', manual: 'ask' },
  deletes: {
    hold: 'ask',
    held: 'ask',
    propagate: 'delete',
    remove: 'delete',
    no: 'ignore',
    never: 'ignore',
    manual: 'ask',
    recreate: 'restore',
    undelete: 'restore',
    deactivate: 'archive',
  },
  parent_deleted: {
    set_null: 'nullify',
    blank: 'nullify',
    no_action: 'restrict',
    ask: 'restrict',
    delete: 'cascade',
  },
  edited: {
    hold: 'ask',
    manual: 'ask',
    delete_wins: 'delete',
    update_wins: 'restore',
    edit_wins: 'restore',
    keep: 'restore',
  },
  as: {
    string: 'text',
    number: 'decimal',
    numeric: 'decimal',
    float: 'decimal',
    int: 'integer',
    bool: 'boolean',
    datetime: 'timestamp',
    concat: 'join',
    array: 'list',
    tags: 'list',
    set: 'list',
  },
  same: { equal: 'exact', trim: 'trimmed', number: 'decimal', numeric: 'decimal', case_insensitive: 'letters' },
};

export function translated(setting: string, word: string): string | undefined {
  const key =
    setting === 'default' || setting === 'otherwise' ? 'conflict' : setting === 'stray_edits' ? 'stray' : setting;
  const table = Object.hasOwn(translations, key) ? translations[key] : undefined;
  return table !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

/** How values compare when `same` is not written: as their type says, and joined text as a bag of words. */
export const sameDefaults: { readonly [lens in UnitRules['as']]: UnitRules['same'] } = {
  text: 'exact',
  integer: 'decimal',
  decimal: 'decimal',
  boolean: 'boolean',
  date: 'exact',
  timestamp: 'timestamp',
  join: 'words',
  list: 'exact',
  reference: 'exact',
};

/** Comparisons that mean something for each type. */
export const samePossible: { readonly [lens in UnitRules['as']]: readonly UnitRules['same'][] } = {
  text: equalityWords,
  integer: ['exact', 'decimal'],
  decimal: ['exact', 'decimal'],
  boolean: ['exact', 'boolean'],
  date: ['exact'],
  timestamp: ['exact', 'timestamp'],
  join: ['exact', 'trimmed', 'letters', 'words'],
  list: ['exact', 'trimmed', 'letters'],
  reference: ['exact'],
};

/** Settings that stand beside the sides of a unit; a side cannot carry one of these names. */
export const unitSettings = [
  'as',
  'form',
  'to',
  'required',
  'parent_deleted',
  'same',
  'stores',
  'conflict',
  'first',
  'blank',
  'stray',
] as const;
const reservedSides = [...unitSettings, 'either', 'hub', 'when', 'limit', 'default', 'due', 'edited', 'constructor'];

export function isReservedSide(name: string): boolean {
  return reservedSides.includes(name);
}
