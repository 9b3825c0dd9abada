import { vectorText, type Dot, type Vector } from './clock/version-vector.js';
import type { SideName } from './ids.js';
import { sameJson, type Json } from './json.js';
import type { Noop, Proposal, Register, RegisterStatus, Sibling } from './state.js';

/**
 * Registers as text for pack.ts. What the units of a record share is kept once: each vector, and each *frame*, which is
 * a register without its values. Units that were always edited together have one frame, and most records have two.
 */
type SiblingFrame = readonly [vv: number, dot: Dot, side: SideName | null, lo: number, hi: number];
export type PackedFrame = readonly [
  vv: number,
  siblings: readonly SiblingFrame[],
  winner: Dot | null,
  hop: number,
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
type PackedRare = { readonly proposal?: Proposal };

const statuses: readonly RegisterStatus[] = ['settled', 'unsettled', 'asked', 'asked_moved'];

/** Numbers each distinct vector and each distinct frame once. */
export class Dictionary {
  readonly vectors: Vector[] = [];
  readonly frames: PackedFrame[] = [];
  readonly #vectorByObject = new Map<Vector, number>();
  readonly #vectorByText = new Map<string, number>();
  /** A register of each frame: those that came out of one text share their parts, and are recognised by them. */
  readonly #examples: Register[] = [];

  vector(vector: Vector): number {
    const known = this.#vectorByObject.get(vector);
    if (known !== undefined) return known;
    const text = vectorText(vector);
    let index = this.#vectorByText.get(text);
    if (index === undefined) {
      index = this.vectors.push(vector) - 1;
      this.#vectorByText.set(text, index);
    }
    this.#vectorByObject.set(vector, index);
    return index;
  }

  frame(register: Register): number {
    const alike = this.#examples.findIndex((example) => hasSameParts(example, register));
    if (alike >= 0) return alike;
    const frame = this.#frameOf(register);
    const equal = this.frames.findIndex((known) => isSameFrame(known, frame));
    if (equal >= 0) return equal;
    this.#examples.push(register);
    return this.frames.push(frame) - 1;
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
      register.hop,
      statuses.indexOf(register.status),
      delivered,
      noop,
      register.override,
    ];
  }
}

/** True only for registers whose frames are equal; says nothing when it is false. */
function hasSameParts(left: Register, right: Register): boolean {
  return (
    left.vv === right.vv &&
    left.delivered === right.delivered &&
    left.noop === right.noop &&
    left.winner === right.winner &&
    left.override === right.override &&
    left.hop === right.hop &&
    left.status === right.status &&
    left.siblings.length === right.siblings.length &&
    left.siblings.every((sibling, index) => hasSameOrigin(sibling, right.siblings[index] as Sibling))
  );
}

function hasSameOrigin(left: Sibling, right: Sibling): boolean {
  return (
    left.dot === right.dot &&
    left.vv === right.vv &&
    left.side === right.side &&
    left.lo === right.lo &&
    left.hi === right.hi
  );
}

function isSameFrame(left: PackedFrame, right: PackedFrame): boolean {
  const [vv, siblings, winner, hop, status, delivered, noop, override] = left;
  const [otherVv, otherSiblings, otherWinner, otherHop, otherStatus, otherDelivered, otherNoop, otherOverride] = right;
  return (
    vv === otherVv &&
    hop === otherHop &&
    status === otherStatus &&
    isSameDot(winner, otherWinner) &&
    isSameList(siblings, otherSiblings, isSameSibling) &&
    isSameMap(delivered, otherDelivered, (one, other) => one === other) &&
    isSameMap(noop, otherNoop, (one, other) => one[0] === other[0] && one[1] === other[1]) &&
    isSameList(override, otherOverride, (one, other) => one === other)
  );
}

function isSameDot(left: Dot | null, right: Dot | null): boolean {
  return left === right || (left !== null && right !== null && left[0] === right[0] && left[1] === right[1]);
}

function isSameSibling(left: SiblingFrame, right: SiblingFrame): boolean {
  return (
    left[0] === right[0] &&
    isSameDot(left[1], right[1]) &&
    left[2] === right[2] &&
    left[3] === right[3] &&
    left[4] === right[4]
  );
}

function isSameList<Item>(
  left: readonly Item[],
  right: readonly Item[],
  isSameItem: (one: Item, other: Item) => boolean,
): boolean {
  return left.length === right.length && left.every((item, index) => isSameItem(item, right[index] as Item));
}

function isSameMap<Item>(
  left: { readonly [name: string]: Item },
  right: { readonly [name: string]: Item },
  isSameItem: (one: Item, other: Item) => boolean,
): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const other = right[name];
    return other !== undefined && isSameItem(left[name] as Item, other);
  });
}

export function packRegister(register: Register, dictionary: Dictionary): PackedRegister {
  const frame = dictionary.frame(register);
  const { value, siblings } = register;
  const rare = rareOf(register);
  const isPlain = siblings.every((sibling) => sibling.base === null && isSame(sibling.value, value));
  if (isPlain) return rare === null ? [frame, value] : [frame, value, [], rare];
  const packed = siblings.map(
    (sibling): PackedSibling => [isSame(sibling.value, value) ? 0 : [sibling.value], sibling.base],
  );
  return rare === null ? [frame, value, packed] : [frame, value, packed, rare];
}

function rareOf({ proposal }: Register): PackedRare | null {
  return proposal === null ? null : { proposal };
}

export function isSame(left: Json, right: Json): boolean {
  if (left === right) return true;
  return typeof left === 'object' && typeof right === 'object' && sameJson(left, right);
}

/** A frame with its vectors in place, shared by all registers that are made from it. */
export type Frame = Omit<Register, 'value' | 'siblings' | 'proposal'> & { readonly siblings: readonly SiblingOrigin[] };
type SiblingOrigin = Pick<Sibling, 'vv' | 'dot' | 'side' | 'lo' | 'hi'>;

export function unpackFrame(packed: PackedFrame, vectors: readonly Vector[]): Frame {
  const [vv, siblings, winner, hop, status, deliveredIndexes, noops, override] = packed;
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
    hop,
    status: statuses[status] as RegisterStatus,
    delivered,
    noop,
    override,
  };
}

export function unpackRegister(packed: PackedRegister, frames: readonly Frame[]): Register {
  const frame = frames[packed[0]] as Frame;
  const value = packed[1];
  const texts = packed[2];
  const siblings: Sibling[] = [];
  for (const [index, origin] of frame.siblings.entries()) {
    const [own, base] = texts?.[index] ?? [0, null];
    const { vv, dot, side, lo, hi } = origin;
    siblings.push({
      value: own === 0 || own === undefined ? value : own[0],
      vv,
      dot,
      side,
      base: base ?? null,
      lo,
      hi,
    });
  }
  const { vv, winner, hop, status, delivered, noop, override } = frame;
  const rare = packed[3];
  const proposal = rare?.proposal ?? null;
  return { value, vv, siblings, winner, hop, status, delivered, noop, override, proposal };
}
