/** The built workflows with shorter waits for a worker that died; `quick-workflows.ts` says which. */
export function workflowBundle() {
  return Promise.resolve({ codePath: process.env.PARLEY_TEST_WORKFLOWS ?? '' });
}
