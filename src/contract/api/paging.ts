import { z } from 'zod';

export const pageLimitDefault = 50;
export const pageLimitMax = 1000;

/** Lists are paged by position: pass the `next` of one page as `after` of the following one, until it is null. */
export const pageQuerySchema = z.object({
  after: z.string().max(1000).optional().meta({ description: '`next` of the page before' }),
  limit: z.coerce.number<number>().int().min(1).max(pageLimitMax).default(pageLimitDefault),
});
export type PageQuery = z.input<typeof pageQuerySchema>;

export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({ rows: z.array(row), next: z.string().nullable() });
}
export type PageView<Row> = { rows: Row[]; next: string | null };
