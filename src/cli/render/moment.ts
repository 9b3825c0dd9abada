import type { Style } from './style.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

type Parts = { readonly [part: string]: string };

function partsOf(ms: number, { timeZone }: Pick<Style, 'timeZone'>): Parts {
  const format = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
}

/** `10:01:52` today, `2 May 14:03` this year, `2 May 2025` before. In the zone of the reader. */
export function clock(moment: string | null, style: Style): string {
  if (moment === null) return 'never';
  const then = partsOf(Date.parse(moment), style);
  const now = partsOf(style.nowMs, style);
  const day = `${Number(then['day'])} ${months[Number(then['month']) - 1]}`;
  if (then['year'] !== now['year']) return `${day} ${then['year']}`;
  const time = `${then['hour']}:${then['minute']}`;
  if (then['month'] === now['month'] && then['day'] === now['day']) return `${time}:${then['second']}`;
  return `${day} ${time}`;
}

/** False for a moment before which nothing was read: the first reading of a record says nothing about when. */
export function isKnown(moment: string | null): moment is string {
  return moment !== null && Date.parse(moment) > 0;
}

/** When an edit can have been made: one moment, or two between which it was. */
export function between(lo: string | null, hi: string | null, style: Style): string {
  if (!isKnown(lo)) return isKnown(hi) ? `before ${clock(hi, style)}` : '';
  if (!isKnown(hi)) return `after ${clock(lo, style)}`;
  const [from, to] = [clock(lo, style), clock(hi, style)];
  return from === to ? from : `between ${from} and ${to}`;
}

/** `20s`, `14m`, `3h`, `2d`: how long ago, against the clock that is given. */
export function age(moment: string | null, nowMs: number): string {
  if (moment === null) return '-';
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(moment)) / 1000));
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 100 * 60) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `0.8 s`, `42 s`, `1 min 12 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
