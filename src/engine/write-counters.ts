/** What a run planned, by kind of write; the brakes look at it. An archived record is as gone for people as a deleted one. */
export const plannedCounter = {
  create: 'creates',
  update: 'changes',
  unarchive: 'changes',
  delete: 'deletes',
  archive: 'deletes',
} as const;
/** What of it is over, whatever came of it: only the rest can still be stopped. */
export const overCounter = {
  create: 'createsOver',
  update: 'changesOver',
  unarchive: 'changesOver',
  delete: 'deletesOver',
  archive: 'deletesOver',
} as const;
