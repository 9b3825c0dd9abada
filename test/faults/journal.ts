/** The units of the pair, as people know them. */
export const units = ['name', 'phone', 'address'] as const;
export type Unit = (typeof units)[number];
export type Side = 'crm' | 'erp';

/** What one person did: `over` is what stood in the cell at that moment, in the very act of changing it. */
export type Edit = {
  readonly at: number;
  readonly side: Side;
  readonly key: string;
  readonly unit: Unit;
  readonly value: string;
  readonly over: string;
};

/** What a person wants to change. No two edits ever write the same value, so that a value names its edit. */
export type Wish = Pick<Edit, 'key' | 'unit' | 'value'>;
export type Row = { readonly key: string } & { readonly [unit in Unit]: string };

/** Every edit of every person, in the order in which they took effect. The truth that the product is held against. */
export class Journal {
  readonly edits: Edit[] = [];
  readonly created: { readonly side: Side; readonly key: string }[] = [];
  #values = 0;

  /** A value that nobody has used, with the side that made it. */
  value(side: Side, unit: Unit): string {
    this.#values += 1;
    return `${unit}~${side}~${this.#values}~`;
  }

  note(side: Side, wish: Wish, over: string): void {
    this.edits.push({ at: Date.now(), side, ...wish, over });
  }
}
