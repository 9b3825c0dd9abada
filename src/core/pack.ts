import type { Dot, Vector } from './clock/version-vector.js';
import type { EntityId, RecordKey, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import {
  Dictionary,
  type Frame,
  isSame,
  type PackedFrame,
  type PackedRegister,
  packRegister,
  unpackFrame,
  unpackRegister,
} from './pack-register.js';
import type { Wait } from './reference.js';
import type { Broken, EntityState, Hold, Intent, Presence, Register, Shadow } from './state.js';

/**
 * The state of an entity as text: positions instead of names, and once what units or sides share, since both sides of
 * a record that agrees hold what its registers hold. Short texts are what a page costs: it is read, written, sent and
 * stored for every change. Law: `unpack(pack(state))` equals `state`. The first element is the format's version; a new
 * format reads all older ones that were released.
 */
const format = 2;

type PackedIntent = [delivery: number, kind: Intent['kind'], units: { [unit: string]: [raw: Json, vv: number] }];
/**
 * Raw values in the order of the units: 0 for the register's value, 1 for one that was never read, else the value in
 * brackets. Zeros at the end are left out.
 */
type PackedRaws = (0 | 1 | readonly [Json])[];
type PackedShadow = [
  key: RecordKey,
  presence: number,
  token: string | null,
  raws: PackedRaws,
  tick: number,
  atMs: number,
  intent: PackedIntent | 0,
  refused: string | 0,
  /** Raw values of units that have no register. */
  others?: { readonly [unit: string]: Json },
  wrote?: { readonly [unit: string]: readonly [atMs: number, mark: number] },
  late?: { readonly [unit: string]: readonly [raw: Json, vv: number, untilMs: number] } | 0,
  made?: readonly [field: string, value: Json, isTaken?: 1],
];
type PackedPresence =
  | 0
  | [kind: 'delete_held', side: SideName, dot: Dot, seen: { [unit: string]: number }]
  | [kind: 'tombstone', dot: Dot, seen: { [unit: string]: number }]
  | [kind: 'alias', of: number];
type Packed = [
  format: number,
  vectors: readonly Vector[],
  counters: { readonly [actor: string]: number },
  frames: readonly PackedFrame[],
  units: { readonly [unit: string]: PackedRegister },
  sides: { readonly [side: string]: PackedShadow },
  presence: PackedPresence,
  hold: Hold | 0,
  broken?: Broken | 0,
  waits?: readonly Wait[],
];

type Units = EntityState['units'];

const presences: readonly Shadow['presence'][] = [
  'present',
  'awaited',
  'gone',
  'hidden',
  'outside',
  'duplicate',
  'archived',
];

export function pack(state: EntityState): string {
  const dictionary = new Dictionary();
  const packed: Packed = [
    format,
    dictionary.vectors,
    state.counters,
    dictionary.frames,
    mapValues(state.units, (register) => packRegister(register, dictionary)),
    mapValues(state.sides, (shadow) => packShadow(shadow, state.units, dictionary)),
    packPresence(state.presence, dictionary),
    state.hold ?? 0,
  ];
  if (state.broken !== null || state.waits.length > 0) packed.push(state.broken ?? 0);
  if (state.waits.length > 0) packed.push(state.waits);
  return JSON.stringify(packed);
}

export function unpack(text: string): EntityState {
  const end = text.indexOf(headEnd) + 2;
  const head = end < 2 ? null : headOf(text.slice(0, end));
  if (head !== null) return stateOf(head, JSON.parse(`[${text.slice(end + 1)}`) as Rest);
  const [version, vectors, counters, frames, ...rest] = JSON.parse(text) as Packed;
  if (version !== format) throw new Error(`assertion failed: unknown state format ${version}`);
  return stateOf(newHead(vectors, counters, frames), rest);
}

function stateOf(
  { vectors, counters, frames }: Head,
  [packedUnits, sides, presence, hold, broken, waits = []]: Rest,
): EntityState {
  const units: Units = mapValues(packedUnits, (register) => unpackRegister(register, frames, vectors));
  return {
    counters,
    units,
    sides: mapValues(sides, (shadow) => unpackShadow(shadow, units, vectors)),
    presence: unpackPresence(presence, vectors),
    hold: hold === 0 ? null : hold,
    broken: broken === undefined || broken === 0 ? null : broken,
    waits,
  };
}

/**
 * The first half of a text says nothing about the record itself: which edits there were, when, and who has received
 * them. Records that were read and written on the same pages have it in common, so that few of a page have one of
 * their own. It is taken apart once, and those that have it share the parts.
 */
type Head = { readonly vectors: readonly Vector[]; readonly counters: Packed[2]; readonly frames: readonly Frame[] };
type Rest = readonly [
  units: Packed[4],
  sides: Packed[5],
  presence: PackedPresence,
  hold: Hold | 0,
  broken?: Broken | 0,
  waits?: readonly Wait[],
];

/** The list of frames ends so, and then come the units; nothing before it ends so, unless there are no frames. */
const headEnd = ']],{';
const headsMax = 1_000;
const heads = new Map<string, Head>();

/** Null when the text is not the first four elements of a state: it has no frames, or is of another format. */
function headOf(text: string): Head | null {
  const known = heads.get(text);
  if (known !== undefined) return known;
  const parts = headParts(text);
  if (parts === null || parts.length !== 4 || parts[0] !== format) return null;
  const head = newHead(parts[1], parts[2], parts[3]);
  if (heads.size >= headsMax) heads.clear();
  heads.set(text, head);
  return head;
}

function headParts(text: string): readonly [Packed[0], Packed[1], Packed[2], Packed[3]] | null {
  try {
    return JSON.parse(`${text}]`) as readonly [Packed[0], Packed[1], Packed[2], Packed[3]];
  } catch {
    return null;
  }
}

function newHead(vectors: readonly Vector[], counters: Packed[2], frames: readonly PackedFrame[]): Head {
  return { vectors, counters, frames: frames.map((frame) => unpackFrame(frame, vectors)) };
}

function packShadow(shadow: Shadow, units: Units, dictionary: Dictionary): PackedShadow {
  const intent: PackedIntent | 0 =
    shadow.intent === null
      ? 0
      : [
          shadow.intent.delivery,
          shadow.intent.kind,
          mapValues(shadow.intent.units, (unit): [Json, number] => [unit.raw, dictionary.vector(unit.vv)]),
        ];
  const packed: PackedShadow = [
    shadow.key,
    presences.indexOf(shadow.presence),
    shadow.token,
    packRaws(shadow, units),
    shadow.tick,
    shadow.atMs,
    intent,
    shadow.refused ?? 0,
  ];
  const others = otherRaws(shadow, units);
  const hasWrote = Object.keys(shadow.wrote).length > 0;
  const { late, made } = shadow;
  const hasLate = late !== undefined || made !== undefined;
  if (others !== null || hasWrote || hasLate) packed.push(others ?? {});
  if (hasWrote || hasLate) packed.push(mapValues(shadow.wrote, ({ atMs: written, mark }) => [written, mark] as const));
  if (late !== undefined)
    packed.push(mapValues(late, ({ raw, vv, untilMs }) => [raw, dictionary.vector(vv), untilMs] as const));
  else if (hasLate) packed.push(0);
  if (made !== undefined) packed.push(made.isTaken ? [made.field, made.value, 1] : [made.field, made.value]);
  return packed;
}

function otherRaws({ raws }: Shadow, units: Units): { readonly [unit: string]: Json } | null {
  let others: { [unit: string]: Json } | null = null;
  for (const name in raws) {
    if (name in units) continue;
    others ??= {};
    others[name] = raws[name as UnitName] as Json;
  }
  return others;
}

function packRaws({ raws }: Shadow, units: Units): PackedRaws {
  const packed: PackedRaws = [];
  let length = 0;
  for (const name in units) {
    const raw = raws[name as UnitName];
    const { value } = units[name as UnitName] as Register;
    const part = raw === undefined ? 1 : isSame(raw, value) ? 0 : ([raw] as const);
    packed.push(part);
    if (part !== 0) length = packed.length;
  }
  packed.length = length;
  return packed;
}

function unpackShadow(packed: PackedShadow, units: Units, vectors: readonly Vector[]): Shadow {
  const [key, presence, token, raws, tick, atMs, intent, refused, others, wrote = {}, late = 0, made] = packed;
  return {
    key,
    presence: presences[presence] as Shadow['presence'],
    token,
    raws: unpackRaws(raws, units, others),
    tick,
    atMs,
    intent:
      intent === 0
        ? null
        : {
            delivery: intent[0],
            kind: intent[1],
            units: mapValues(intent[2], ([raw, vv]) => ({ raw, vv: vectors[vv] as Vector })),
          },
    refused: refused === 0 ? null : refused,
    wrote: mapValues(wrote, ([written, mark]) => ({ atMs: written, mark })),
    ...(late === 0
      ? {}
      : { late: mapValues(late, ([raw, vv, untilMs]) => ({ raw, vv: vectors[vv] as Vector, untilMs })) }),
    ...(made === undefined
      ? {}
      : { made: { field: made[0], value: made[1], ...(made[2] === 1 ? { isTaken: true as const } : {}) } }),
  };
}

function unpackRaws(packed: PackedRaws, units: Units, others: PackedShadow[8]): { readonly [unit: UnitName]: Json } {
  const raws: { [unit: string]: Json } = {};
  let position = 0;
  for (const name in units) {
    const raw = packed[position] ?? 0;
    position += 1;
    if (raw === 0) raws[name] = (units[name as UnitName] as Register).value;
    else if (raw !== 1) raws[name] = raw[0];
  }
  return others === undefined ? raws : { ...raws, ...others };
}

function packPresence(presence: Presence, dictionary: Dictionary): PackedPresence {
  switch (presence.kind) {
    case 'live':
      return 0;
    case 'alias':
      return ['alias', presence.of];
    case 'delete_held':
      return ['delete_held', presence.side, presence.dot, mapValues(presence.seen, (vv) => dictionary.vector(vv))];
    case 'tombstone':
      return ['tombstone', presence.dot, mapValues(presence.seen, (vv) => dictionary.vector(vv))];
  }
}

function unpackPresence(packed: PackedPresence, vectors: readonly Vector[]): Presence {
  if (packed === 0) return { kind: 'live' };
  if (packed[0] === 'alias') return { kind: 'alias', of: packed[1] as EntityId };
  const seen = (indexes: { [unit: string]: number }): { readonly [unit: UnitName]: Vector } =>
    mapValues(indexes, (index) => vectors[index] as Vector);
  return packed[0] === 'delete_held'
    ? { kind: 'delete_held', side: packed[1], dot: packed[2], seen: seen(packed[3]) }
    : { kind: 'tombstone', dot: packed[1], seen: seen(packed[2]) };
}

function mapValues<From, To>(
  map: { readonly [key: string]: From },
  change: (value: From) => To,
): { [key: string]: To } {
  const changed: { [key: string]: To } = {};
  for (const key in map) changed[key] = change(map[key] as From);
  return changed;
}
