import { setTimeout as sleep } from 'node:timers/promises';
import { Chance } from './chance.js';
import type { Hub } from './hub.js';
import { type Journal, type Row, type Side, type Unit, units, type Wish } from './journal.js';

/** Edits meet on these records often; the others are edited about once. */
const hotRecords = 25;

export type Work = {
  /** Ends the work and waits for the last save. */
  stop(): Promise<void>;
};

/**
 * People on both sides who edit all the time: the CRM a cell at a time, the ERP a few cells a save, now and then a new
 * record, now and then the same new record on both sides. What they choose follows from the seed.
 */
export function startPeople(hub: Pick<Hub, 'crm' | 'erp'>, journal: Journal, options: PeopleOptions): Work {
  const { records, seed, onFailure } = options;
  const stopping = new AbortController();
  const until = async (chance: Chance, pauses: readonly [number, number], work: () => Promise<void> | void) => {
    while (!stopping.signal.aborted) {
      await Promise.resolve()
        .then(work)
        .catch((error: unknown) => onFailure(error));
      await sleep(chance.whole(...pauses), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const crm = new Chance(seed);
  const erp = new Chance(seed + 1);
  let created = 0;
  const working = [
    until(crm, [20, 120], () => hub.crm.edit(wish(crm, 'crm', records, journal), journal)),
    until(erp, [250, 700], () => {
      const wishes = Array.from({ length: erp.whole(1, 4) }, () => wish(erp, 'erp', records, journal));
      hub.erp.save({ wishes, inPlace: erp.next() < 0.25 }, journal);
    }),
    until(crm, [2_500, 4_000], async () => {
      created += 1;
      const kind = crm.whole(0, 2);
      if (kind !== 1) await hub.crm.create(newRow(created, 'crm', journal), journal);
      if (kind !== 0) hub.erp.save({ wishes: [], created: [newRow(created, 'erp', journal)] }, journal);
    }),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(working);
    },
  };
}

export type PeopleOptions = {
  readonly records: number;
  readonly seed: number;
  /** A save that did not work: people see an error and go on with something else. */
  readonly onFailure: (error: unknown) => void;
};

function wish(chance: Chance, side: Side, records: number, journal: Journal): Wish {
  const key = String(chance.next() < 0.3 ? chance.whole(1, hotRecords) : chance.whole(1, records));
  const unit: Unit = chance.oneOf(units);
  return { key, unit, value: journal.value(side, unit) };
}

function newRow(number: number, side: Side, journal: Journal): Row {
  const value = (unit: Unit): string => journal.value(side, unit);
  return { key: `n${number}`, name: value('name'), phone: value('phone'), address: value('address') };
}
