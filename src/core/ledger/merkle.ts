/**
 * A Merkle log in the manner of RFC 6962 / RFC 9162: leaves are hashed with a 0x00 prefix, inner nodes with 0x01, and
 * the tree of n leaves is the largest perfect tree beside the tree of the rest. What is kept between appends is the
 * compact range: the roots of the perfect subtrees, largest first, one for each set bit of the size.
 */
export type NodeHash = (left: string, right: string) => string;
export type LogHead = { readonly size: number; readonly peaks: readonly string[] };

export const emptyLog: LogHead = { size: 0, peaks: [] };

/** Appends leaf hashes. Law: appending one by one and all at once give the same head. O(1) hashes a leaf on average. */
export function append(head: LogHead, leaves: readonly string[], node: NodeHash): LogHead {
  const peaks = [...head.peaks];
  let size = head.size;
  for (const leaf of leaves) {
    let hash = leaf;
    for (let rest = size; (rest & 1) === 1; rest = Math.floor(rest / 2)) hash = node(peaks.pop() as string, hash);
    peaks.push(hash);
    size += 1;
  }
  return { size, peaks };
}

/** The root over all leaves: the peaks folded from the smallest. Null for an empty log. */
export function rootOf(head: LogHead, node: NodeHash): string | null {
  let root: string | null = null;
  for (const peak of [...head.peaks].reverse()) root = root === null ? peak : node(peak, root);
  return root;
}
