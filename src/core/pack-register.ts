import { sameVector, type Dot, type Vector } from './clock/version-vector.js';
import type { SideName } from './ids.js';
import { sameJson, type Json } from './json.js';
import type { Loop, Noop, Proposal, Register, RegisterStatus, Sibling } from './state.js';

/**
 * Registers as text for pack.ts. What the units of a record share is kept once: each vector, and each *frame*, which is
 * a register without its values. Units that were always edited together have one frame, and most records have two.
 */
type SiblingFrame = readonly [vv: number, dot: Dot, side: SideName | null, lo: number, hi: number];
export type PackedFrame = readonly [
  vv: number,
  siblings: readonly SiblingFrame[],
  winner: Dot | null,
  /** Was a count; always 0 now. */
  unused: number,
  status: number,
  delivered: { readonly [side: string]: number },
  noop: { readonly [side: string]: readonly [vv: number, tick: number] },
  override: readonly SideName[],
];
/** The values of a sibling follow only when one of them says something: another value than the register's, or a base. */
export type PackedRegister =
  | readonly [frame: number, value: Json]
  | readonly [frame: number, value: Json, siblings: readonly PackedSibling[]]
  | readonly [frame: number, value: Json, siblings: readonly PackedSibling[], rare: PackedRare];
type PackedSibling = readonly [value: readonly [Json] | 0, base: Json];
/** What few registers have, by name; a register without it costs nothing. */
type PackedRare = {
  readonly proposal?: Proposal;
  readonly steps?: readonly PackedStep[];
  readonly loop?: Loop;
  readonly holds?: boolean;
  readonly paces?: Register['paces'];
};
type PackedStep = readonly [dot: Dot, vv: number, base: Json, value: Json];

const statuses: readonly RegisterStatus[] = ['settled', 'unsettled', 'asked', 'asked_moved'];

/** Numbers each distinct vector and each distinct frame once. A record has a handful of each, so they are walked. */
export class Dictionary {
  readonly vectors: Vector[] = [];
  readonly frames: PackedFrame[] = [];
  /** A register of each frame. */
  readonly #examples: Register[] = [];

  vector(vector: Vector): number {
    for (let index = 0; index < this.vectors.length; index += 1)
      if (sameVector(this.vectors[index] as Vector, vector)) return index;
    return this.vectors.push(vector) - 1;
  }

  frame(register: Register): number {
    for (let index = 0; index < this.#examples.length; index += 1)
      if (isSameFrame(this.#examples[index] as Register, register)) return index;
    this.#examples.push(register);
    return this.frames.push(this.#frameOf(register)) - 1;
  }

  #frameOf(register: Register): PackedFrame {
    const delivered: { [side: string]: number } = {};
    for (const side in register.delivered)
      delivered[side] = this.vector(register.delivered[side as SideName] as Vector);
    const noop: { [side: string]: [number, number] } = {};
    for (const side in register.noop) {
      const { vv, tick } = register.noop[side as SideName] as Noop;
      noop[side] = [this.vector(vv), tick];
    }
    return [
      this.vector(register.vv),
      register.siblings.map(({ vv, dot, side, lo, hi }) => [this.vector(vv), dot, side, lo, hi]),
      register.winner,
      0,
      statuses.indexOf(register.status),
      delivered,
      noop,
      register.override,
    ];
  }
}

/** Registers that differ in nothing but values. Those that came out of one text share their parts, which is soon seen. */
function isSameFrame(left: Register, right: Register): boolean {
  return (
    left.status === right.status &&
    left.siblings.length === right.siblings.length &&
    sameVector(left.vv, right.vv) &&
    isSameDot(left.winner, right.winner) &&
    (left.delivered === right.delivered || isSameMap(left.delivered, right.delivered, sameVector)) &&
    (left.noop === right.noop || isSameMap(left.noop, right.noop, isSameNoop)) &&
    (left.override === right.override || isSameList(left.override, right.override)) &&
    haveSameOrigins(left.siblings, right.siblings)
  );
}

function isSameDot(left: Dot | null, right: Dot | null): boolean {
  return left === right || (left !== null && right !== null && left[0] === right[0] && left[1] === right[1]);
}

function isSameNoop(left: Noop, right: Noop): boolean {
  return left.tick === right.tick && sameVector(left.vv, right.vv);
}

function haveSameOrigins(left: readonly Sibling[], right: readonly Sibling[]): boolean {
  for (let index = 0; index < left.length; index += 1) {
    const [one, other] = [left[index] as Sibling, right[index] as Sibling];
    if (one.side !== other.side || one.lo !== other.lo || one.hi !== other.hi) return false;
    if (!isSameDot(one.dot, other.dot) || !sameVector(one.vv, other.vv)) return false;
  }
  return true;
}

function isSameList(left: readonly SideName[], right: readonly SideName[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

function isSameMap<Item>(
  left: { readonly [name: string]: Item },
  right: { readonly [name: string]: Item },
  isSameItem: (one: Item, other: Item) => boolean,
): boolean {
  for (const name in left) {
    const other = right[name];
    if (other === undefined || !isSameItem(left[name] as Item, other)) return false;
  }
  for (const name in right) if (!(name in left)) return false;
  return true;
}

export function packRegister(register: Register, dictionary: Dictionary): PackedRegister {
  const frame = dictionary.frame(register);
  const { value, siblings } = register;
  const rare = rareOf(register, dictionary);
  if (isPlain(register)) return rare === null ? [frame, value] : [frame, value, [], rare];
  const packed = siblings.map(
    (sibling): PackedSibling => [isSame(sibling.value, value) ? 0 : [sibling.value], sibling.base],
  );
  return rare === null ? [frame, value, packed] : [frame, value, packed, rare];
}

function rareOf({ proposal, steps, loop, holds, paces }: Register, dictionary: Dictionary): PackedRare | null {
  if (proposal === null && steps.length === 0 && loop === null && holds === null && paces === undefined) return null;
  const packed = steps.map(({ dot, vv, base, value }): PackedStep => [dot, dictionary.vector(vv), base, value]);
  return {
    ...(proposal === null ? {} : { proposal }),
    ...(packed.length === 0 ? {} : { steps: packed }),
    ...(loop === null ? {} : { loop }),
    ...(holds === null ? {} : { holds }),
    ...(paces === undefined ? {} : { paces }),
  };
}

function isPlain({ siblings, value }: Register): boolean {
  for (const sibling of siblings) if (sibling.base !== null || !isSame(sibling.value, value)) return false;
  return true;
}

export function isSame(left: Json, right: Json): boolean {
  if (left === right) return true;
  return typeof left === 'object' && typeof right === 'object' && sameJson(left, right);
}

/** A frame with its vectors in place, shared by all registers that are made from it. */
export type Frame = Omit<Register, 'value' | 'siblings' | 'proposal' | 'steps' | 'loop' | 'holds' | 'paces'> & {
  readonly siblings: readonly SiblingOrigin[];
};
type SiblingOrigin = Pick<Sibling, 'vv' | 'dot' | 'side' | 'lo' | 'hi'>;

export function unpackFrame(packed: PackedFrame, vectors: readonly Vector[]): Frame {
  const [vv, siblings, winner, , status, deliveredIndexes, noops, override] = packed;
  const delivered: { [side: SideName]: Vector } = {};
  for (const side in deliveredIndexes)
    delivered[side as SideName] = vectors[deliveredIndexes[side] as number] as Vector;
  const noop: { [side: SideName]: Noop } = {};
  for (const side in noops) {
    const [index, tick] = noops[side] as readonly [number, number];
    noop[side as SideName] = { vv: vectors[index] as Vector, tick };
  }
  return {
    vv: vectors[vv] as Vector,
    siblings: siblings.map(([index, dot, side, lo, hi]) => ({ vv: vectors[index] as Vector, dot, side, lo, hi })),
    winner,
    status: statuses[status] as RegisterStatus,
    delivered,
    noop,
    override,
  };
}

export function unpackRegister(packed: PackedRegister, frames: readonly Frame[], vectors: readonly Vector[]): Register {
  const frame = frames[packed[0]] as Frame;
  const value = packed[1];
  const texts = packed[2];
  const siblings: Sibling[] = [];
  for (let index = 0; index < frame.siblings.length; index += 1) {
    const { vv, dot, side, lo, hi } = frame.siblings[index] as SiblingOrigin;
    const text = texts?.[index];
    const own = text?.[0] ?? 0;
    siblings.push({ value: own === 0 ? value : own[0], vv, dot, side, base: text?.[1] ?? null, lo, hi });
  }
  const { vv, winner, status, delivered, noop, override } = frame;
  const rare = packed[3];
  const proposal = rare?.proposal ?? null;
  const steps = (rare?.steps ?? []).map(([own, at, base, given]) => ({
    dot: own,
    vv: vectors[at] as Vector,
    base,
    value: given,
  }));
  const [loop, holds] = [rare?.loop ?? null, rare?.holds ?? null];
  const paces = rare?.paces === undefined ? {} : { paces: rare.paces };
  return { value, vv, siblings, winner, status, delivered, noop, override, proposal, steps, loop, holds, ...paces };
}
