import { type ErrorCode, ParleyError } from '../../core/errors.js';
import { grantsFor, type Place } from './place.js';

/**
 * What a failed statement means to us.
 * `connection`: no answer, or none any more. `busy`: the server could not do it now. `space`: its disk is full.
 * `denied`: the role may not. `schema`: the table is no longer as it was. `row`: a value or a row is refused.
 */
export type FailureKind = 'connection' | 'busy' | 'space' | 'denied' | 'schema' | 'row';

/** By SQLSTATE, longest prefix first; what is not listed is about a row: triggers may raise whatever they like. */
const kinds: readonly (readonly [prefix: string, kind: FailureKind])[] = [
  ['53100', 'space'],
  ['42501', 'denied'],
  ['28', 'denied'],
  ['3D000', 'schema'],
  ['3F000', 'schema'],
  ['42P01', 'schema'],
  ['42P10', 'schema'],
  ['42703', 'schema'],
  ['42704', 'schema'],
  ['42804', 'schema'],
  ['42846', 'schema'],
  ['42883', 'schema'],
  ['08', 'connection'],
  ['57P', 'connection'],
  ['25006', 'busy'],
  ['40', 'busy'],
  ['53', 'busy'],
  ['55P03', 'busy'],
  ['57014', 'busy'],
  ['58', 'busy'],
];

/** Null for what neither the server nor the way to it has said: a bug of ours, or an error that is already ours. */
export function failureKind(error: unknown): FailureKind | null {
  if (!(error instanceof Error) || error instanceof ParleyError || error.name === 'AbortError') return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return null;
  if (error.name !== 'PostgresError') return 'connection';
  // Row-level policies and triggers refuse rows under the code of a missing privilege.
  if (code === '42501' && !('routine' in error && String(error.routine).startsWith('aclcheck_error'))) return 'row';
  return kinds.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'row';
}

export function isConnectionFailure(error: unknown): boolean {
  return failureKind(error) === 'connection';
}

/** The server's five-character code, or the code of the way to it. */
export function failureCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

export type Attempt = {
  readonly place: Place;
  /** What stayed safe: a sentence. */
  readonly safe: string;
  /** What the role needs on the table for it. */
  readonly privileges: readonly string[];
};

/** Turns a failure of the database into an error of ours; anything else comes back as it is. */
export function explained(error: unknown, { place, safe, privileges }: Attempt): unknown {
  const kind = failureKind(error);
  if (kind === null) return error;
  const code = failureCode(error);
  const at = `${place.connection} (${place.server})`;
  const make = (ours: ErrorCode, sentence: string, hint: string): ParleyError =>
    new ParleyError(ours, `${sentence} ${safe}`, { hint });
  switch (kind) {
    case 'connection':
      return make('connector.unreachable', `The database of ${at} does not answer (${code}).`, wayHint(code));
    case 'busy':
      return make('connector.unreachable', busySentence(at, place.object, code), 'It is tried again by itself.');
    case 'space':
      return make('connector.no_space', `The disk of ${at} is full (${code}).`, 'Make room on the database server.');
    case 'denied':
      return code.startsWith('28')
        ? make('connector.denied', `The database of ${at} refuses the login (${code}).`, loginHint)
        : make(
            'connector.denied',
            `The role lacks a privilege on ${place.object} in ${at} (${code}).`,
            grantsFor(place, privileges),
          );
    case 'schema':
      return code === '3D000'
        ? make('connector.object_not_found', `There is no such database: ${at}.`, 'Correct the url of the connection.')
        : make('connector.schema_changed', `${place.object} in ${at} is no longer as it was (${code}).`, schemaHint);
    case 'row':
      return make('connector.source_invalid', `The database of ${at} refused a statement (${code}).`, refusalHint);
  }
}

const loginHint = "Check user, password and the server's pg_hba.conf for the url of this connection.";
const schemaHint = 'Compare the fields of the pair with the columns of the table, then plan again.';
const refusalHint = "The server's log names the statement.";

function busySentence(at: string, object: string, code: string): string {
  if (code === '55P03') return `Another session holds locks on ${object} in ${at}.`;
  if (code === '57014') return `A statement on ${object} in ${at} took too long and was cancelled.`;
  if (code === '25006') return `The database of ${at} takes no writes at present: it is a standby, or read-only.`;
  return `The database of ${at} could not do it now (${code}).`;
}

function wayHint(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'The host name of the url is not known. Check it.';
  if (/CERT|TLS|SSL|SIGNED|VERIFY/.test(code))
    return 'The server offers a certificate that is not trusted, see sslmode.';
  return 'Check that the server runs and can be reached from here. It is tried again by itself.';
}

const rowReasons: { readonly [code: string]: string } = {
  '22001': 'a text is too long for its column',
  '22003': 'a number is out of range for its column',
  '22007': 'a date or time is not valid',
  '22008': 'a date or time is out of range',
  '22021': 'a text holds a character that the database cannot store',
  '22P02': 'a value is not valid for the type of its column',
  '22P05': 'a text holds a character that the database cannot store',
  '23502': 'a column must have a value',
  '23503': 'a record that it refers to, or that refers to it, is in the way',
  '23505': 'another record already has this value',
  '23514': 'a check is not met',
  '23P01': 'it overlaps another record',
  '42501': 'a row-level policy does not allow it',
  '428C9': 'the database fills the column itself',
  '44000': 'a view does not allow it',
};

/** Why a row is refused: the kind of rule and its name. The server's own words hold values and are not passed on. */
export function refusalOf(error: unknown): { readonly code: string; readonly message: string } {
  const code = failureCode(error);
  const parts = error as { readonly [part: string]: unknown };
  const named = (part: string, word: string): string =>
    typeof parts[part] === 'string' && parts[part] !== '' ? ` (${word} ${parts[part]})` : '';
  const rule = named('constraint_name', 'constraint') || named('column_name', 'column') || raisedBy(parts['where']);
  return { code, message: `${rowReasons[code] ?? 'the database refuses the row'}${rule}` };
}

/** The name of the function that raised, from a context that may go on to quote statements with their values. */
function raisedBy(context: unknown): string {
  const name = typeof context === 'string' ? /^PL\/\w+ function ([\w.$]+)\(/.exec(context)?.[1] : undefined;
  return name === undefined ? '' : ` (function ${name})`;
}
