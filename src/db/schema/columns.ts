import { bigint, customType, timestamp } from 'drizzle-orm/pg-core';

/** Text that is compared and ordered by its UTF-8 bytes, whatever the database's locale: keys and match values. */
export const byteText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

/** A moment. Written and read as epoch milliseconds by the queries; kept as a timestamp so that people can read it. */
export const moment = (name: string) => timestamp(name, { withTimezone: true });

/** Half a SHA-256, keyed where the pair has a data key of its own: tells values apart without keeping them. */
export const digest = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** A whole number that stays below 2^53. */
export const whole = (name: string) => bigint(name, { mode: 'number' });
