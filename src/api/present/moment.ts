import type { Page } from '../../engine/read-model.js';
import type { PageView } from '../../contract/api/paging.js';

/** ISO 8601 with Z for a moment in epoch milliseconds. */
export function moment(ms: number): string {
  return new Date(ms).toISOString();
}

export function momentOrNull(ms: number | null): string | null {
  return ms === null ? null : moment(ms);
}

/** A page of rows as it is sent. */
export function pageView<Row, View>(page: Page<Row>, view: (row: Row) => View): PageView<View> {
  return { rows: page.rows.map(view), next: page.next };
}
