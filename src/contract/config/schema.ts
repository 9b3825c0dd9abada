import { z } from 'zod';
import { archiveSchema } from './archive-schema.js';
import { limitsSchema } from './limits-schema.js';
import {
  caseWords,
  conditionalDeleteWords,
  createWords,
  deleteWords,
  editedWords,
  eitherBlankWords,
  equalityWords,
  flipWords,
  lensWords,
  masterBlankWords,
  outOfScopeWords,
  parentDeletedWords,
  policyWords,
  roundWords,
  refusedWords,
  setWords,
  spaceWords,
  strayWords,
  textWords,
} from './words.js';

/**
 * The shape of pairs/*.yaml. Editors get this as JSON Schema; what depends on more than one place in the file (which
 * sides exist, who writes what) is checked in pair-file.ts.
 */
const text = z.string().min(1);
const oneOrMore = z.union([text, z.array(text).min(1)]);

export const pathsSchema = oneOrMore.meta({
  description: 'A native field of this side, or a list of fields that belong together and are decided as one.',
});

export const systemSchema = z.strictObject({
  object: text.meta({ description: 'connection/object, such as crm/public.accounts or erp/suppliers.csv.' }),
  key: oneOrMore.meta({ description: 'The field or fields that identify a record. Written on create only.' }),
  made: text.optional().meta({
    description:
      "The field that holds this system's own mark of a record's making, such as created_at or a serial: given when a record " +
      'is made, and never again. A key with another mark is another record. Never written. Default: none.',
  }),
  only: text.optional().meta({
    description: "Which records are meant, such as: status = 'active' and kind != 'test'. Default: all.",
  }),
  archive: archiveSchema.optional(),
  out_of_scope: z.enum(outOfScopeWords).optional().meta({
    description:
      'A record that is there and no longer meant. unlink: it rests until it is back. delete: as if deleted. Default: unlink.',
  }),
});

const policyWord = z.enum(policyWords);
export type PolicyInput =
  | z.infer<typeof policyWord>
  | { readonly prefer: string; readonly otherwise?: PolicyInput | undefined }
  | { readonly newest: { readonly within: string }; readonly otherwise?: PolicyInput | undefined }
  | { readonly highest: ExtremeInput; readonly otherwise?: PolicyInput | undefined }
  | { readonly lowest: ExtremeInput; readonly otherwise?: PolicyInput | undefined }
  | { readonly set: (typeof setWords)[number]; readonly otherwise?: PolicyInput | undefined }
  | { readonly text: (typeof textWords)[number]; readonly otherwise?: PolicyInput | undefined }
  | { readonly expression: string; readonly otherwise?: PolicyInput | undefined };
type ExtremeInput = { readonly monotone?: boolean | undefined };

const extreme = z.strictObject({
  monotone: z
    .boolean()
    .optional()
    .meta({ description: 'An edit that takes the value back is put back. Default: false.' }),
});

const policyOptions = [
  policyWord,
  z.strictObject({ prefer: text, otherwise: z.lazy(() => policySchema).optional() }),
  z.strictObject({ newest: z.strictObject({ within: text }), otherwise: z.lazy(() => policySchema).optional() }),
  z.strictObject({ highest: extreme, otherwise: z.lazy(() => policySchema).optional() }),
  z.strictObject({ lowest: extreme, otherwise: z.lazy(() => policySchema).optional() }),
  z.strictObject({ set: z.enum(setWords), otherwise: z.lazy(() => policySchema).optional() }),
  z.strictObject({ text: z.enum(textWords), otherwise: z.lazy(() => policySchema).optional() }),
  z.strictObject({ expression: text, otherwise: z.lazy(() => policySchema).optional() }),
] as const;

export const policySchema: z.ZodType<PolicyInput, PolicyInput> = z.union(policyOptions).meta({
  id: 'policy',
  description:
    'ask, newest, highest, lowest, set, text, delta, { prefer: SIDE, otherwise: ask }, { newest: { within: 1d } }, ' +
    '{ highest: { monotone: true } }, { set: remove-wins }, { text: words } or { expression: max(values) }. Default: ask.',
});

/** One word for all sides, or a word for each that differs. */
const bySide = <Word extends z.ZodType>(word: Word) => z.union([word, z.record(z.string(), word)]);
const stray = bySide(z.enum(strayWords)).meta({
  description: 'What happens with an edit elsewhere; for all sides or by side. Default: stray_edits.',
});

const masterBranch = z.strictObject({
  master: text.meta({ description: 'The side that alone decides in this case.' }),
  stray: stray.optional(),
  blank: z.enum(masterBlankWords).optional(),
});
const branch = z.union([...policyOptions, masterBranch]);

const flip = z.enum(flipWords).meta({
  description: 'realign: when the condition changes, what is asked or was left is decided anew. Default: nothing.',
});

/** A policy, or one that depends on the record. */
const conflictSchema = z.union([
  ...policyOptions,
  z.strictObject({
    when: text.meta({ description: 'A condition (CEL) on units that stand before this one in the file.' }),
    use: branch,
    else: branch,
    on_flip: flip.optional(),
  }),
]);
export type BranchInput = z.infer<typeof branch>;

const as = z.enum(lensWords).meta({ description: 'The type both sides share. Default: text.' });
const same = z.enum(equalityWords).meta({ description: 'When two values count as equal. Default: as the type says.' });
const neverHere = z.never().optional();
const first = policySchema.meta({
  description: 'Who wins when records meet with different values: a policy. Default: as "conflict" says.',
});
const form = z.union([text, z.record(z.string(), text)]).meta({
  description:
    'How a list is written: json, array (PostgreSQL), or what stands between the elements; for all sides or by side.',
});

export const storedFormSchema = z.strictObject({
  scale: z.int().min(0).max(100).optional().meta({ description: 'Of decimal: digits after the point.' }),
  round: z.enum(roundWords).optional().meta({ description: 'How a number is rounded to them. Default: half-up.' }),
  fraction: z.int().min(0).max(9).optional().meta({ description: 'Of timestamp: digits of a second; more are cut.' }),
  length: z.int().min(1).max(1_000_000).optional().meta({ description: 'Of text: characters; the rest is cut.' }),
  case: z.enum(caseWords).optional().meta({ description: 'Of text: written in capitals, or without.' }),
  spaces: z.enum(spaceWords).optional().meta({
    description: 'Of text. trim: no blanks at the ends. collapse: and one between words.',
  }),
});
export const storesSchema = z.record(z.string(), z.union([storedFormSchema, z.array(storedFormSchema).min(1)])).meta({
  description:
    'What a side makes of a value when it stores it, by side: { erp: { length: 40 } } or { erp: { scale: 2 } }. ' +
    'For a group, one for all fields or a list.',
});

const referenceOptions = {
  to: text.optional().meta({ description: 'Of a reference: the pair whose records the fields name.' }),
  required: z
    .boolean()
    .optional()
    .meta({
      description:
        'Of a reference: a record is made only when what it names is there; false: it is made with a blank that is filled ' +
        'later. Default: true.',
    }),
  parent_deleted: z
    .enum(parentDeletedWords)
    .optional()
    .meta({
      description:
        'Of a reference, when what it names is deleted. restrict: it is not, while a record names it there, and a person is ' +
        'asked. nullify: the references are blanked first. cascade: the records that name it are deleted first. Default: restrict.',
    }),
};

export const masterUnitSchema = z
  .object({
    as: as.optional(),
    form: form.optional(),
    ...referenceOptions,
    same: same.optional(),
    stores: storesSchema.optional(),
    blank: z.enum(masterBlankWords).optional().meta({
      description: 'keeps: a blank from the master is no opinion. clears: it blanks the others. Default: keeps.',
    }),
    stray: stray.optional(),
    conflict: neverHere,
    first: neverHere,
  })
  .catchall(pathsSchema);

export const eitherUnitSchema = z
  .object({
    as: as.exclude(['join']).optional(),
    form: form.optional(),
    ...referenceOptions,
    same: same.optional(),
    stores: storesSchema.optional(),
    blank: bySide(z.enum(eitherBlankWords))
      .optional()
      .meta({
        description:
          'value: a blank is an edit like any other. ignore: it is no opinion. fill: and it is filled. For all sides or by ' +
          'side. Default: value.',
      }),
    conflict: conflictSchema.optional(),
    first: first.optional(),
    stray: neverHere,
  })
  .catchall(pathsSchema);

/** A unit under a segment, which says who decides. */
export const segmentUnitSchema = eitherUnitSchema.extend({ conflict: neverHere });

const unitsUnder = <Unit extends z.ZodType>(unit: Unit): z.ZodRecord<z.ZodString, Unit> => z.record(z.string(), unit);

export const mastersSchema = z
  .object({ either: unitsUnder(eitherUnitSchema).optional() })
  .catchall(unitsUnder(masterUnitSchema))
  .meta({
    description:
      'Who decides: a side alone, either, or a segment that says it. Under each, units: one shared name and a field on each ' +
      'side.',
  });

const when = text.meta({ description: 'A condition (CEL) on agreed values; segments stand for what they say.' });
export const segmentsSchema = z
  .record(z.string(), z.union([text, z.strictObject({ when, use: branch, else: branch, on_flip: flip.optional() })]))
  .meta({
    description:
      'Records by what they are: eu: country in ["DE", "FR"]. Conditions name them. With use and else a segment can be a ' +
      'heading of masters.',
  });

/** A rule about whole records: a word, or two by a condition. */
const byRecord = <Word extends z.ZodType>(word: Word) =>
  z.union([word, z.strictObject({ when, use: word, else: word })]);
const judgedDelete = z.enum(conditionalDeleteWords);

export const createsSchema = z.record(z.string(), byRecord(z.enum(createWords))).meta({
  description:
    'What happens with a record that is new on a side: copy, ask, ignore, or one of them by a condition. Default: ask.',
});
export const refusedSchema = z.record(z.string(), byRecord(z.enum(refusedWords))).meta({
  description: 'What happens with a write that a side would not have: ask, or leave it with its own. Default: ask.',
});
export const deletesSchema = z
  .object({
    limit: text.optional().meta({ description: 'Such as: 10 per run.' }),
    edited: byRecord(z.enum(editedWords))
      .optional()
      .meta({
        description:
          'When another side had changed the record and the delete had not seen that: ask, delete (the delete wins) or ' +
          'restore (the edit wins). Default: ask.',
      }),
  })
  .catchall(z.union([z.enum(deleteWords), z.strictObject({ when, use: judgedDelete, else: judgedDelete })]))
  .meta({ description: 'What happens with a record that was deleted on a side. Default: ask.' });

export const runSchema = z.strictObject({
  every: text.optional().meta({ description: 'Such as 1s or 5m. Default: 5m.' }),
  verify: text
    .optional()
    .meta({ description: 'Full comparison: 1d, daily 02:00 Europe/Berlin, or never. Default: 1d.' }),
  listen: z.boolean().optional().meta({ description: 'Not executed by this version: changes are polled.' }),
  quiet: text.optional().meta({ description: 'Not executed by this version.' }),
});

export const conflictsSchema = z.strictObject({
  default: policySchema.optional(),
  first: first.optional(),
  due: text.optional().meta({ description: 'Not executed by this version.' }),
});

const bits = z.number().min(0).max(200);
export const weighSchema = z
  .strictObject({
    weigh: z.record(z.string(), z.number().gt(0.5).lt(1)).meta({
      description: 'Shared names, each with the share of true pairs that agree in it, such as 0.9.',
    }),
    link: bits.optional().meta({ description: 'Bits of evidence from which a plan links. Default: never.' }),
    ask: bits.meta({ description: 'Bits of evidence from which a person is asked.' }),
    margin: bits.optional().meta({ description: 'Bits by which a link is ahead of the next candidate. Default: 4.' }),
  })
  .meta({ description: 'Evidence of several units, weighed by how rare the values are; see the guide on matching.' });

const matchRule = z.union([text, weighSchema]).meta({
  description:
    'crm.id = erp.crm_id (certain), shared names such as email + country (likely), name ~ 0.92 (a guess), ' +
    'or weigh: {...}. The first that fits decides.',
});

export const pairSchema = z.strictObject({
  pair: text.meta({ description: 'The name of this pair: the file name without .yaml.' }),
  about: text.optional().meta({ description: 'What the pair is for, for the people who meet it.' }),
  owner: text.meta({ description: 'The person or team that answers for the pair.' }),
  systems: z
    .record(z.string(), systemSchema)
    .meta({ description: 'The sides, two or more, by the names people use for them.' }),
  match: z.array(matchRule).min(1).meta({ description: 'How two records are known to be one.' }),
  segments: segmentsSchema.optional(),
  masters: mastersSchema,
  conflicts: conflictsSchema.optional(),
  stray_edits: z
    .enum(strayWords)
    .optional()
    .meta({ description: 'An edit on a side that is not the master. Default: restore.' }),
  creates: createsSchema.optional(),
  deletes: deletesSchema.optional(),
  refused: refusedSchema.optional(),
  invariants: z
    .array(text)
    .min(1)
    .optional()
    .meta({
      description:
        'What each record fulfils as a whole, as expressions (CEL) such as "starts <= ends". Edits of different sides that ' +
        'break one only together are asked.',
    }),
  run: runSchema.optional(),
  limits: limitsSchema.optional(),
  alerts: z
    .array(z.strictObject({ when: text, tell: text }))
    .optional()
    .meta({ description: 'Not executed by this version.' }),
});

/** The shape of a pair's file in which these segments are headings of `masters`. */
export function pairSchemaUnder(segments: readonly string[]): typeof pairSchema {
  if (segments.length === 0) return pairSchema;
  const headings = Object.fromEntries(segments.map((name) => [name, unitsUnder(segmentUnitSchema).optional()]));
  return pairSchema.extend({ masters: mastersSchema.extend(headings) }) as unknown as typeof pairSchema;
}

/** Settings of connections.yaml by connector. `url` is a secret: it is written as env:NAME. */
export const connectorSchemas = {
  postgres: z.strictObject({
    connector: z.literal('postgres'),
    url: text.meta({
      description: 'Where the database is: env:NAME of a variable that holds postgres://user:password@host/database.',
    }),
  }),
  csv: z.strictObject({
    connector: z.literal('csv'),
    folder: text.meta({ description: 'The folder of the files; relative to connections.yaml.' }),
    encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']).optional().meta({
      description: 'Default: what the first bytes say, else utf-8.',
    }),
    delimiter: z.string().length(1).optional().meta({ description: 'Default: found by looking.' }),
  }),
  http: z.strictObject({
    connector: z.literal('http'),
    url: text.meta({ description: 'The address under which the collections are: https://host/path.' }),
    token: text.optional().meta({ description: 'Sent as a bearer token: env:NAME of a variable that holds it.' }),
    version: text.optional().meta({
      description:
        'The member of a record that holds its version, which the API compares with If-Match. Default: none.',
    }),
    merged: text.optional().meta({
      description: 'The member of a record that names the record that it was merged into. Default: none.',
    }),
    creates: z.enum(['idempotent', 'unique']).optional().meta({
      description: 'What keeps a create from happening twice: its Idempotency-Key, or the key alone. Default: unique.',
    }),
    timeout: text.optional().meta({ description: 'How long one request may take. Default: 30s.' }),
  }),
} as const;

export type ConnectorName = keyof typeof connectorSchemas;
export const connectorNames = Object.keys(connectorSchemas) as readonly ConnectorName[];

export const connectionsSchema = z.record(
  z.string(),
  z.discriminatedUnion('connector', [connectorSchemas.postgres, connectorSchemas.csv, connectorSchemas.http]),
);
