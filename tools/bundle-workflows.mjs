/**
 * The last step of a build: the compiled workflows as one file, the way Temporal's sandbox loads them. A worker that
 * finds it starts a second or two sooner and needs no bundler. Bundle and worker must be of one version, so this
 * runs where the package is built and never by hand.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const built = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

const { code } = await bundleWorkflowCode({
  workflowsPath: built('workflows/index.js'),
  logger: new DefaultLogger('WARN'),
});
await writeFile(built('workflow-bundle.js'), code);
