/** What a run planned, by kind of write; the brakes look at it. */
export const plannedCounter = { create: 'creates', update: 'changes', delete: 'deletes' } as const;
/** What of it is over, whatever came of it: only the rest can still be stopped. */
export const overCounter = { create: 'createsOver', update: 'changesOver', delete: 'deletesOver' } as const;
