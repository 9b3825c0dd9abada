const wideCharacter = new RegExp(
  '[\\u1100-\\u115f\\u2e80-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]' +
    '|\\p{Emoji_Presentation}',
  'u',
);

/** Columns that a text takes on a terminal: none for marks that combine, two for wide characters, none for colour. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.replace(/\u001b\[\d+m/g, ''))
    if (!/\p{M}/u.test(character)) width += wideCharacter.test(character) ? 2 : 1;
  return width;
}

/** The text in at most `columns`, with the ellipsis at its end when something is missing. For texts without colour. */
export function clipped(text: string, columns: number, ellipsis: string): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const character of text) {
    const more = widthOf(character);
    if (width + more > columns - ellipsis.length) break;
    kept += character;
    width += more;
  }
  return `${kept.trimEnd()}${ellipsis}`;
}

export function padded(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return align === 'left' ? text + space : space + text;
}

/** Text that a terminal shows as it stands: control characters, which it would obey, become spaces. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}
