/** Text for people, as Postgres can hold it: its text has no U+0000, a system's may. Decisions never read the result. */
export function withoutNul(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}
