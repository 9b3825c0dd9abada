import { Chance } from './chance.js';

/** How strong the version of a record is that a system shows: nothing, a coarse stamp, or one for each change. */
export type TokenKind = 'none' | 'weak' | 'strong';
/** Write classes of semantics §1.6: blind, read-verify-write, the record's token, values compared and set. */
export type WriteKind = 'W0' | 'W1' | 'W3' | 'W4';

/** What one simulated system is able to do, and its habits (semantics §3.2): a profile, not a mock of one vendor. */
export type SideOptions = {
  readonly name: string;
  readonly token: TokenKind;
  readonly write: WriteKind;
  /** Whether a pass returns what changed, or everything. */
  readonly reads: 'feed' | 'full';
  readonly deletes: 'feed' | 'listing';
  /** A write that comes again under its idempotency key is recognised. */
  readonly remembers: boolean;
  /** `image`: the answer to a write shows what is stored. `bare`: it only says yes. */
  readonly answers: 'image' | 'bare';
  /** A create under a key that is there: refused as stale, or a second record beside the first. */
  readonly creates: 'unique' | 'twins';
  /** Characters that a text field keeps; null: all. */
  readonly truncates: number | null;
  /** Texts are stored in capitals. */
  readonly capitals: boolean;
  /** A field that did not change lately may be missing in what is read. */
  readonly sparse: boolean;
  /** A rule of the system fills another field when we write one, so many times. */
  readonly automation: number;
  /** A unit of which it takes every write, says yes and changes nothing, as a computed field would; null: none. */
  readonly inert: string | null;
  readonly onCreate: 'copy' | 'ask' | 'ignore';
  readonly onDelete: 'ask' | 'delete' | 'ignore';
  /** The mark of a record's making: another one each time, or one that is the key's; without it there is none. */
  readonly made?: 'anew' | 'kept';
};

export type UnitOptions = {
  readonly name: string;
  /** `list`: elements with commas between them; `words`: a text of several words. */
  readonly type: 'text' | 'letters' | 'decimal' | 'group' | 'list' | 'words' | 'reference';
  readonly authority: AuthorityOptions;
  readonly blank: 'value' | 'ignore' | 'fill';
  /** Of a reference, which names records of the world's other pair. */
  readonly reference?: ReferenceOptions;
};

export type ReferenceOptions = {
  readonly isRequired: boolean;
  readonly parentDeleted: 'restrict' | 'nullify' | 'cascade';
};
/** What the pair is called whose records are named. */
export const parentsName = 'parents';

export type AuthorityOptions =
  | { readonly kind: 'ask' | 'newest' | 'set' | 'remove-wins' | 'words' | 'expression' | 'delta' }
  | { readonly kind: 'prefer'; readonly side: string }
  | { readonly kind: 'highest' | 'lowest'; readonly monotone: boolean }
  | { readonly kind: 'master'; readonly side: string; readonly stray: 'restore' | 'leave' | 'propose' }
  /** The side is master where the first unit of the file begins with its letter; else either side may edit. */
  | { readonly kind: 'when'; readonly side: string; readonly onFlip: 'nothing' | 'realign' };

export type RecordOptions = {
  readonly key: string;
  readonly sides: { readonly [side: string]: { readonly [field: string]: string | null } };
};

/** Everything that a world begins with. Printed whole with a failure: the seed alone would change meaning with the generator. */
export type WorldOptions = {
  readonly seed: number;
  readonly sides: readonly SideOptions[];
  readonly units: readonly UnitOptions[];
  readonly records: readonly RecordOptions[];
  readonly pageSize: number;
  /** Whether the systems can say what became of a record that they do not show; they merge and hide records then. */
  readonly lineage?: boolean;
  readonly workers: number;
  /** The pair's file from its second revision on, where it says something else. */
  readonly later?: { readonly [unit: string]: AuthorityOptions };
  /** Deletes and creates of one run above which it stops, instead of the usual ten. */
  readonly deleteLimit?: number;
  /** Records have a beginning `lo` that is not after the end `hi` (`bounded.ts`). */
  readonly isBounded?: boolean;
  /** What the pair is called; `sim` unless said. */
  readonly pair?: string;
  /** A second pair of the same systems, whose records the references of this one name. */
  readonly parents?: WorldOptions;
  /** References of the other pair to this one's records. */
  readonly children?: readonly (Pick<ReferenceOptions, 'parentDeleted'> & {
    readonly pair: string;
    readonly unit: string;
  })[];
  /** Whether anything but people and the hub's own order may go wrong: only then are needless questions allowed. */
  readonly faults: readonly FaultName[];
  /** Also systems that compare nothing (W0, W1) make writes that were given up, within the time that the file allows for. */
  readonly isLateAnywhere?: boolean;
};

export const faultNames = [
  'kill',
  'store conflict',
  'store lost before',
  'store lost after',
  'read',
  'lost request',
  'lost response',
  'late',
  'partial',
  'unlisted',
  'refuse',
  'expire',
  'restore side',
  'restore hub',
] as const;
/** `clock`: the hub's clock jumps, back and forth. Not in the list, from which old seeds draw. */
export type FaultName = (typeof faultNames)[number] | 'clock';

export const sideNames = ['crm', 'erp', 'web', 'app', 'pos'] as const;

/** A side without a weakness. */
export function plainSide(name: string, changes: Partial<SideOptions> = {}): SideOptions {
  return {
    name,
    token: 'strong',
    write: 'W4',
    reads: 'feed',
    deletes: 'feed',
    remembers: true,
    answers: 'image',
    creates: 'unique',
    truncates: null,
    capitals: false,
    sparse: false,
    automation: 0,
    inert: null,
    onCreate: 'copy',
    onDelete: 'ask',
    ...changes,
  };
}

export function fieldsOf(unit: UnitOptions): readonly string[] {
  return unit.type === 'group' ? [`${unit.name}1`, `${unit.name}2`] : [unit.name];
}

/** Worlds of a kind: what is the same in all of them, whatever the seed. */
export type Focus = {
  /** With what came later than the first seeds: policies, revisions of the file, clocks that jump (`wide.ts`). */
  readonly wide?: boolean;
  /** With systems that mark that they made a record (`marks.ts`). */
  readonly marks?: boolean;
  readonly side?: Partial<SideOptions>;
  /** Of the last side alone: what all of them have would leave nobody to be in agreement with. */
  readonly lastSide?: Partial<SideOptions>;
  readonly unit?: Partial<UnitOptions>;
  /** Records name records of a second pair (`references.ts`). */
  readonly references?: boolean;
  /** Records fulfil something as a whole (`bounded.ts`). */
  readonly invariants?: boolean;
  /** The first unit is a number to which all sides add. */
  readonly sum?: boolean;
  readonly world?: Partial<Pick<WorldOptions, 'faults' | 'workers' | 'pageSize' | 'lineage' | 'isLateAnywhere'>>;
};

export function focused(
  options: WorldOptions,
  { side = {}, lastSide = {}, unit = {}, world = {}, sum = false }: Focus,
): WorldOptions {
  const sides = options.sides.map((one, index) => ({
    ...one,
    ...side,
    ...(index === options.sides.length - 1 ? lastSide : {}),
  }));
  const units = options.units.map((one) => ({ ...one, ...unit }));
  const records = options.records.map(({ key, sides: held }) => ({
    key,
    sides: Object.fromEntries(
      Object.entries(held).map(([name, fields]) => [name, unit.type === 'decimal' ? decimals(fields) : fields]),
    ),
  }));
  const focusedOn = { ...options, sides, units, records, ...world };
  // Whatever else is wanted, what is added up is on systems where that is legal.
  return sum || units.some(({ authority }) => authority.kind === 'delta') ? withSum(focusedOn) : focusedOn;
}

function decimals(fields: RecordOptions['sides'][string]): RecordOptions['sides'][string] {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, text === null ? null : '10.50']));
}

/** Swarm: every seed has its own few weaknesses and faults, since all of them together hide each other. */
export function optionsOf(seed: number): WorldOptions {
  const chance = new Chance(seed);
  const names = sideNames.slice(0, chance.weighted({ 2: 70, 3: 24, 4: 4, 5: 2 }) as unknown as number);
  const weird = chance.is(0.6) ? chance.next() * 0.6 : 0;
  const sides = names.map((name) => sideOf(chance, name, weird));
  const units = Array.from(
    { length: chance.weighted({ 1: 35, 2: 40, 3: 15, 6: 10 }) as unknown as number },
    (_, index) => unitOf(chance, `u${index}`, names),
  );
  const isCalm = chance.is(0.25);
  const faults = isCalm ? [] : faultNames.filter(() => chance.is(0.3));
  const options = {
    seed,
    sides,
    units,
    pageSize: chance.is(0.3) ? 1 : 50,
    workers: isCalm ? 1 : chance.between(1, 3),
    faults,
  };
  const count = chance.weighted({ 1: 60, 2: 25, 3: 15 }) as unknown as number;
  const records = Array.from({ length: count }, (_, index) => recordOf(chance, `k${index}`, options));
  const world = { ...options, records };
  // A chance of its own, so that all other seeds keep their worlds.
  return new Chance(seed ^ 0x5c3).is(0.12) ? withSum(world) : world;
}

/**
 * The first unit becomes a number to which all sides add, on systems where that is legal. What restores take back and
 * what is carried out after it was given up are no additions of anybody: the checker could not tell the total.
 */
export function withSum(options: WorldOptions): WorldOptions {
  const [first, ...others] = options.units;
  if (first === undefined) return options;
  const sum: UnitOptions = { name: first.name, type: 'decimal', authority: { kind: 'delta' }, blank: 'value' };
  const records = options.records.map(({ key, sides }) => ({
    key,
    sides: Object.fromEntries(
      Object.entries(sides).map(([name, fields]) => [name, { ...withoutUnit(first, fields), [first.name]: '10.50' }]),
    ),
  }));
  return {
    ...options,
    units: [sum, ...others],
    sides: options.sides.map((side) => ({
      ...side,
      write: 'W4',
      token: 'strong',
      answers: 'image',
      automation: 0,
      inert: null,
    })),
    records,
    faults: options.faults.filter((name) => name !== 'restore side' && name !== 'restore hub' && name !== 'late'),
  };
}

function withoutUnit(unit: UnitOptions, fields: RecordOptions['sides'][string]): RecordOptions['sides'][string] {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !fieldsOf(unit).includes(name)));
}

export function sideOf(chance: Chance, name: string, weird: number): SideOptions {
  const odd = (): boolean => chance.is(weird);
  const reads = odd() ? 'full' : 'feed';
  const isBare = odd();
  const write = odd() ? chance.one(['W0', 'W1', 'W3', 'W3'] as const) : 'W4';
  return plainSide(name, {
    write,
    token: write === 'W3' ? 'strong' : odd() ? chance.one(['none', 'weak'] as const) : 'strong',
    reads,
    // Who reads everything learns nothing about what is not there.
    deletes: reads === 'full' || odd() ? 'listing' : 'feed',
    remembers: !odd(),
    answers: isBare ? 'bare' : 'image',
    creates: odd() ? 'twins' : 'unique',
    // Who respells what we write and does not show it is written to for ever, until writes have limits (SPEC, Gaps).
    truncates: !isBare && odd() ? chance.between(2, 4) : null,
    capitals: !isBare && odd(),
    sparse: odd(),
    automation: odd() ? chance.between(1, 3) : 0,
    onCreate: chance.weighted({ copy: 80, ask: 12, ignore: 8 }),
    onDelete: chance.weighted({ ask: 55, delete: 40, ignore: 5 }),
  });
}

function unitOf(chance: Chance, name: string, sides: readonly string[]): UnitOptions {
  const kind = chance.weighted({ ask: 45, prefer: 20, newest: 15, master: 20 });
  const side = chance.one(sides);
  const stray = chance.one(['restore', 'leave'] as const);
  return {
    name,
    type: chance.weighted({ text: 50, letters: 15, decimal: 20, group: 15 }),
    authority: kind === 'master' ? { kind, side, stray } : kind === 'prefer' ? { kind, side } : { kind },
    blank: chance.weighted({ value: 80, ignore: 10, fill: 10 }),
  };
}

/** Correlated states: one record, perturbed side by side, since independent ones would never have anything to merge. */
export function recordOf(chance: Chance, key: string, { sides, units }: Omit<WorldOptions, 'records'>): RecordOptions {
  const base = Object.fromEntries(
    units.flatMap((unit) => fieldsOf(unit).map((field) => [field, firstValue(unit, key, chance.is(0.1))])),
  );
  const held = sides.filter(() => chance.is(0.85));
  const holders = held.length === 0 ? sides.slice(0, 1) : held;
  const versions = holders.map(({ name }) => {
    const own = { ...base };
    for (const unit of units)
      if (chance.is(0.12))
        for (const field of fieldsOf(unit)) own[field] = firstValue(unit, `${key}${name}`, chance.is(0.2));
    return [name, own] as const;
  });
  return { key, sides: Object.fromEntries(versions) };
}

function firstValue({ type }: UnitOptions, text: string, isBlank: boolean): string | null {
  if (isBlank) return null;
  if (type === 'decimal') return `${10 + text.length}.50`;
  if (type === 'list') return `o,${text}`;
  return type === 'words' ? `o ${text} o` : `o${text}`;
}
