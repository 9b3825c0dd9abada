export const generated =
  '<!-- Made by `npm run reference`. Do not edit: change the definition that it is made from. -->';

/** A table; a bar within a cell would end the cell. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function page(parts: readonly string[]): string {
  return `${[generated, ...parts].filter((part) => part !== '').join('\n\n')}\n`;
}
