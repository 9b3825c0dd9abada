const pattern = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/**
 * One text for one moment: UTC with as many fractional digits as are needed, so that microseconds survive.
 * A time without a zone is never guessed into one: it keeps its local form and equals only another such time.
 * Null when the text is not a timestamp, or names a moment that does not exist, such as 30 February.
 */
export function canonicalTimestamp(text: string): string | null {
  const match = pattern.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  const local = new Date(0);
  // The setter, unlike `Date.UTC`, takes the years 0 to 99 as they are.
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  local.setUTCHours(Number(hour), Number(minute), Number(second));
  const isMoment = local.toISOString().endsWith(`${month}-${day}T${hour}:${minute}:${second}.000Z`);
  if (!isMoment) return null;
  const digits = fraction.replace(/0+$/, '');
  const tail = digits === '' ? '' : `.${digits}`;
  if (zone === undefined) return `${year}-${month}-${day} ${hour}:${minute}:${second}${tail}`;
  const utc = new Date(local.getTime() - offsetMinutes(zone) * 60_000);
  return `${utc.toISOString().slice(0, -5)}${tail}Z`;
}

function offsetMinutes(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2)));
}
