import type { ChoiceInput } from '../contract/api/conflicts.js';
import type { Json } from '../core/json.js';
import type { Place } from './arguments.js';
import { wrongUsage } from './failure.js';

/** The flags that answer a question. Exactly one of them is a decision. */
export type ChoiceFlags = {
  readonly keep?: string;
  readonly value?: string;
  readonly delete?: boolean;
  readonly restore?: boolean;
  readonly copy?: boolean;
  readonly leave?: boolean;
  readonly retry?: boolean;
  readonly link?: Place;
};

const verbs = ['delete', 'restore', 'copy', 'leave', 'retry'] as const;
const all = '--keep SIDE, --value TEXT, --delete, --restore, --copy, --leave, --retry or --link SIDE:KEY';

/**
 * @param like a value that the question is about: where that is a list (a group of fields), a typed value is one too
 * @returns null when no flag was given. @throws ParleyError `request.invalid` for more than one
 */
export function choiceFrom(flags: ChoiceFlags, like: Json): ChoiceInput | null {
  const chosen: ChoiceInput[] = [];
  if (flags.keep !== undefined) chosen.push({ kind: 'keep', side: flags.keep });
  if (flags.value !== undefined) chosen.push({ kind: 'value', value: typedValue(flags.value, like) });
  if (flags.link !== undefined) chosen.push({ kind: 'link', ...flags.link });
  for (const verb of verbs) if (flags[verb] === true) chosen.push({ kind: verb });
  const [only] = chosen;
  if (chosen.length > 1) throw wrongUsage('Two answers to one question. Nothing was decided.', `Choose one of ${all}.`);
  return only ?? null;
}

export function requiredChoice(flags: ChoiceFlags, like: Json): ChoiceInput {
  const choice = choiceFrom(flags, like);
  if (choice === null) throw wrongUsage('No answer was given. Nothing was decided.', `Choose one of ${all}.`);
  return choice;
}

/** Text as it was typed. For a list or a group of fields: a JSON list, of which the server knows how long it must be. */
function typedValue(text: string, like: Json): Json {
  if (isByField(like)) return fieldsIn(text);
  if (!Array.isArray(like)) return text;
  const members = listIn(text);
  if (members !== null) return members;
  throw wrongUsage(
    'This question is about a list. Nothing was decided.',
    `Type it as a JSON list of texts, such as --value '["a","b"]'.`,
  );
}

const isByField = (value: Json): boolean => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Values by field: of a question about several fields that break an invariant together. */
function fieldsIn(text: string): Json {
  try {
    const parsed = JSON.parse(text) as Json;
    if (isByField(parsed)) return parsed;
  } catch {
    // Falls through to the error below.
  }
  throw wrongUsage(
    'This question is about several fields. Nothing was decided.',
    `Type them as a JSON object, such as --value '{"starts": "2026-01-01"}'.`,
  );
}

function listIn(text: string): readonly Json[] | null {
  try {
    const parsed = JSON.parse(text) as Json;
    return Array.isArray(parsed) && parsed.every((member) => member === null || typeof member === 'string')
      ? parsed
      : null;
  } catch {
    return null;
  }
}
