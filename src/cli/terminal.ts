/** The world around one run of the command line; tests bring their own. */
export type Terminal = {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly stdin: { readonly isTTY?: boolean };
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  /** The clock of this machine, in epoch milliseconds. */
  readonly nowMs: () => number;
  /** Calls back for each Ctrl-C or SIGTERM from now on; the answer ends that. */
  readonly onInterrupt: (heard: (count: number) => void) => () => void;
  /** Calls back for what is typed, key by key and unseen, from now on; the answer ends that. Only on a terminal. */
  readonly onKey?: (heard: (keys: string) => void) => () => void;
  /** Ends the process at once. */
  readonly leave: (exit: number) => void;
};

export type TextStream = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
