import { z } from 'zod';

const text = z.string().min(1);

const share = (of: string, usual: string) =>
  text.optional().meta({ description: `Share of the linked records that one run may ${of}. Default: ${usual}.` });

export const limitsSchema = z
  .strictObject({
    hops: z.number().optional().meta({
      description: 'Changes of a unit in a row, each in answer to our own write, that trip it: 2 to 100. Default: 5.',
    }),
    tries: z.number().optional().meta({
      description: 'Writes of one version without effect, after which it is parked: 1 to 20. Default: 2.',
    }),
    answer: text.optional().meta({
      description: 'How long after our write a change there counts as an answer to it: 1s to 1d. Default: 10m.',
    }),
    stale_form: text.optional().meta({
      description: 'How long after our write a value that is back counts as an old form: 1s to 1d. Default: 15m.',
    }),
    replica: text.optional().meta({
      description:
        'How far a copy of a system without versions may lag: a value that is back so soon after our write is read again ' +
        'before it counts: 1s to 1d. Default: 1m.',
    }),
    late: text.optional().meta({
      description:
        'How long a system without versions may take to make a write that was given up; another value waits for it: 1s to ' +
        '1d. Default: 2m.',
    }),
    creates: share('create', '1 %'),
    deletes: share('delete', '1 %'),
    changes: share('change', '30 %'),
    few: z.number().optional().meta({
      description: 'Creates, deletes and changes that a run may always make: 0 to 1000000. Default: 10.',
    }),
    writes: text.optional().meta({
      description:
        'Writes to each side, such as 600 per minute, with those of other pairs to the same connection; more of them wait. ' +
        'Default: as many as there are.',
    }),
    field_writes: text.optional().meta({
      description:
        'Writes of one field of a record to one side, such as 12 per hour; the next one waits until the hour is over. ' +
        'Default: as many as there are.',
    }),
  })
  .meta({ description: 'Where loops and runs out of proportion are stopped, and how fast a side is written.' });
