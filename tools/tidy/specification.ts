import type { TextFile } from './files.js';

export type Invariant = { readonly id: string; readonly text: string; readonly enforcedBy: readonly string[] };

/**
 * The invariants of a specification. One begins where a heading, a list item, a table row or a bold word starts with
 * `I<number>`, and ends where the next one begins; the test files named in between enforce it.
 */
export function invariantsOf(specification: string): readonly Invariant[] {
  const starts = [...specification.matchAll(/^(?:#+ |[-*] |\| *)?(?:\*\*|`)*(I\d+)\b/gm)];
  return starts.map((start, index) => {
    const text = specification.slice(start.index, starts[index + 1]?.index);
    const enforcedBy = [...text.matchAll(/\btest\/[\w./-]+\.test\.ts\b/g)].map(([path]) => path);
    return { id: start[1] ?? '', text, enforcedBy: [...new Set(enforcedBy)] };
  });
}

/** Every place that cites an invariant as `SPEC I<number>`. */
export function citationsIn(files: readonly TextFile[]): readonly { readonly id: string; readonly path: string }[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/\bSPEC ((?:I\d+(?:, | and )?)+)/g)].flatMap(([, ids]) =>
      [...(ids ?? '').matchAll(/I\d+/g)].map(([id]) => ({ id, path })),
    ),
  );
}

/** The two-way checklist: every invariant has a test that cites it, every citation has an invariant. */
export function specificationProblems(specification: string, files: readonly TextFile[]): readonly string[] {
  const invariants = invariantsOf(specification);
  const known = new Set(invariants.map(({ id }) => id));
  const paths = new Set(files.map(({ path }) => path));
  const citations = citationsIn(files);
  const twice = [...known].filter((id) => invariants.filter((invariant) => invariant.id === id).length > 1);
  return [
    ...twice.map((id) => `${id} is defined twice`),
    ...invariants
      .filter(({ enforcedBy }) => enforcedBy.length === 0)
      .map(({ id }) => `${id} names no test that enforces it`),
    ...invariants.flatMap(({ id, enforcedBy }) =>
      enforcedBy.filter((path) => !paths.has(path)).map((path) => `${id} is enforced by ${path}, which does not exist`),
    ),
    ...invariants
      .filter(({ id, enforcedBy }) =>
        enforcedBy.every((path) => !citations.some((at) => at.id === id && at.path === path)),
      )
      .map(({ id }) => `${id}: no test that it names cites it as "SPEC ${id}"`),
    ...citations
      .filter(({ id }) => !known.has(id))
      .map(({ id, path }) => `${path} cites SPEC ${id}, which is not defined`),
  ];
}
