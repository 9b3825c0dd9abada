import { readFile, writeFile } from 'node:fs/promises';

/**
 * How long a workflow waits for a worker that died before another one takes over: the product's own words, and the
 * shorter ones under which more kills fit into a minute. Everything else in the workflows stays as it was built.
 */
const waits = [
  ["heartbeatTimeout: '8 seconds'", "heartbeatTimeout: '4 seconds'", 2],
  ["heartbeatTimeout: '20 seconds'", "heartbeatTimeout: '6 seconds'", 2],
  ["startToCloseTimeout: '15 seconds'", "startToCloseTimeout: '5 seconds'", 1],
] as const;

/** @throws Error when the built workflows do not say what is to be shortened */
export async function writeQuickWorkflows(built: string, file: string): Promise<void> {
  let code = await readFile(built, 'utf8');
  for (const [before, after, times] of waits) {
    const parts = code.split(before);
    if (parts.length !== times + 1)
      throw new Error(
        `${built} has "${before}" ${parts.length - 1} times, not ${times}; is it built from these sources?`,
      );
    code = parts.join(after);
  }
  await writeFile(file, code);
}
