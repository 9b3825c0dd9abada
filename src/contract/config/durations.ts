/** Durations are one number and one unit: `90s`, `5m`, `2h`, `1d`. Clock times carry their zone: `daily 02:00 Europe/Berlin`. */
export type Timing =
  | { readonly kind: 'interval'; readonly ms: number }
  | { readonly kind: 'daily'; readonly hour: number; readonly minute: number; readonly zone: string };

/** A mistake inside a short text: which characters, what is wrong with them, and what to write instead. */
export type TextFault = {
  readonly fault: { readonly at: number; readonly length: number; readonly message: string; readonly hint: string };
};

const unitMs: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const intervalMaxMs = 366 * 86_400_000;
const intervalHint = 'write a number and s, m, h or d, such as 30s, 5m, 2h or 1d';
const dailyHint = 'write it as: daily 02:00 Europe/Berlin';

function fault(at: number, length: number, message: string, hint: string): TextFault {
  return { fault: { at, length: Math.max(1, length), message, hint } };
}

/** Reads an interval or a time of day. Never throws; a fault names the first characters that do not fit. */
export function parseTiming(text: string): Timing | TextFault {
  return /^daily\b/.test(text) ? parseDaily(text) : parseInterval(text);
}

/** Reads an interval in milliseconds, from one second to 366 days. */
export function parseInterval(text: string): Extract<Timing, { kind: 'interval' }> | TextFault {
  const digits = /^\d*/.exec(text)?.[0] ?? '';
  if (digits === '') return fault(0, text.length, 'a duration starts with a number', intervalHint);
  const unit = text.slice(digits.length);
  if (unit === '')
    return fault(0, text.length, `the unit is missing after ${digits}`, `${intervalHint}; here: ${digits}s?`);
  const perUnit = Object.hasOwn(unitMs, unit) ? unitMs[unit] : undefined;
  if (perUnit === undefined) return fault(digits.length, unit.length, 'this is not a unit of time', intervalHint);
  const ms = Number(digits) * perUnit;
  if (ms < 1000) return fault(0, text.length, 'a duration is at least one second', intervalHint);
  if (ms > intervalMaxMs) return fault(0, text.length, 'a duration is at most 366 days', intervalHint);
  return { kind: 'interval', ms };
}

function parseDaily(text: string): Timing | TextFault {
  const parts = [...text.matchAll(/\S+/g)];
  const [, clock, zone, extra] = parts;
  if (clock === undefined) return fault(text.length, 1, 'the time of day is missing', dailyHint);
  const time = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(clock[0]);
  if (time === null) return fault(clock.index, clock[0].length, 'this is not a time from 00:00 to 23:59', dailyHint);
  if (zone === undefined)
    return fault(text.length, 1, 'the time zone is missing: a clock time means nothing without one', dailyHint);
  if (!isZone(zone[0]))
    return fault(
      zone.index,
      zone[0].length,
      'this is not a time zone',
      `${dailyHint}; zones are names such as Europe/Berlin or UTC`,
    );
  if (extra !== undefined)
    return fault(extra.index, text.length - extra.index, 'nothing may follow the time zone', dailyHint);
  return { kind: 'daily', hour: Number(time[1]), minute: Number(time[2]), zone: zone[0] };
}

function isZone(name: string): boolean {
  // Offsets such as +02:00 are accepted by Intl, but they know nothing of summer time and are nearly always a mistake.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Reads `10 per run`. Never throws. */
export function parseLimit(text: string): { readonly count: number } | TextFault {
  const hint = 'write it as: 10 per run';
  const number = /^\d{1,9}(?=\s|$)/.exec(text)?.[0];
  if (number === undefined)
    return fault(0, /^\S*/.exec(text)?.[0].length ?? 1, 'a limit starts with a whole number', hint);
  const rest = text.slice(number.length);
  const unit = rest.trim();
  if (/^per\s+run$/.test(unit)) return { count: Number(number) };
  if (unit === '') return fault(0, text.length, 'a limit says per what it counts', hint);
  return fault(number.length + rest.indexOf(unit), unit.length, 'a limit counts per run', hint);
}

/** Reads `30 %` or `0.5 %` as a share from 0 to 1. Never throws. */
export function parseShare(text: string): { readonly share: number } | TextFault {
  const hint = 'write it as: 30 %';
  const found = /^(\d{1,3}(?:\.\d{1,4})?)\s*%$/.exec(text);
  if (found === null) return fault(0, text.length, 'a share is a number and a percent sign', hint);
  const share = Number(found[1]) / 100;
  return share <= 1 ? { share } : fault(0, text.length, 'a share is at most 100 %', hint);
}

/** Reads `600 per minute`. Never throws. */
export function parseRate(text: string, per: 'minute' | 'hour'): { readonly count: number } | TextFault {
  const hint = per === 'minute' ? 'write it as: 600 per minute' : 'write it as: 12 per hour';
  const number = /^\d{1,9}(?=\s|$)/.exec(text)?.[0];
  if (number === undefined || Number(number) === 0)
    return fault(0, /^\S*/.exec(text)?.[0].length ?? 1, 'a rate starts with a whole number from 1 up', hint);
  const unit = text.slice(number.length).trim();
  if (unit.replace(/\s+/, ' ') === `per ${per}`) return { count: Number(number) };
  if (unit === '') return fault(0, text.length, 'a rate says per what it counts', hint);
  return fault(text.length - unit.length, unit.length, `this rate counts per ${per}`, hint);
}
