import type { Probe } from './probe.js';
import { bothStamp } from './probes/both-stamp.js';
import { clockSkew } from './probes/clock-skew.js';
import { counter } from './probes/counter.js';
import { deleteAgainstEdit } from './probes/delete-against-edit.js';
import { disjointFields } from './probes/disjoint-fields.js';
import { equalTimeTie } from './probes/equal-time-tie.js';
import { equalValue } from './probes/equal-value.js';
import { findableLoser } from './probes/findable-loser.js';
import { insertAndInsert } from './probes/insert-and-insert.js';
import { interleavedWriters } from './probes/interleaved-writers.js';
import { lostMetadata } from './probes/lost-metadata.js';
import { massDelete } from './probes/mass-delete.js';
import { poisonRow } from './probes/poison-row.js';
import { restartMidBatch } from './probes/restart-mid-batch.js';
import { uniqueClash } from './probes/unique-clash.js';
import { uniqueSwap } from './probes/unique-swap.js';

/** The sixteen, in the order in which they are counted (peers §5 and §6). */
export const probes: readonly Probe[] = [
  interleavedWriters,
  disjointFields,
  counter,
  deleteAgainstEdit,
  insertAndInsert,
  uniqueSwap,
  equalTimeTie,
  equalValue,
  lostMetadata,
  restartMidBatch,
  clockSkew,
  massDelete,
  bothStamp,
  uniqueClash,
  poisonRow,
  findableLoser,
];
