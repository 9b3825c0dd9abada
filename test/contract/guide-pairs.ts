/** The whole pairs among the examples of a page, by their names. */
export function wholePairs(page: string): ReadonlyMap<string, string> {
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return new Map(
    blocks.flatMap((block) => {
      const name = /^pair: (\S+)$/m.exec(block)?.[1];
      return name === undefined ? [] : [[name, block] as const];
    }),
  );
}
