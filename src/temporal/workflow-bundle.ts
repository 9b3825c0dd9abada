import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

/** Where `npm run build` puts the bundle: `dist/workflow-bundle.js`, seen from `dist/src/temporal`. */
const builtBundle = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/** The bundler tells its whole story otherwise. */
const logger = new DefaultLogger('WARN');

let bundled: Promise<WorkflowBundleOption> | undefined;

/**
 * The workflows' code as the sandbox loads it. A built package brings it along; run from source, or with a bundle older
 * than the code beside it, it is bundled here, which takes a second or two and happens once a process.
 */
export function workflowBundle(): Promise<WorkflowBundleOption> {
  bundled ??= findBundle();
  return bundled;
}

async function findBundle(): Promise<WorkflowBundleOption> {
  const compiled = entry('js');
  if (existsSync(builtBundle) && existsSync(compiled) && statSync(builtBundle).mtimeMs >= statSync(compiled).mtimeMs) {
    return { codePath: builtBundle };
  }
  return bundleWorkflowCode({ workflowsPath: existsSync(compiled) ? compiled : entry('ts'), logger });
}

const entry = (extension: 'js' | 'ts'): string =>
  fileURLToPath(new URL(`../../workflows/index.${extension}`, import.meta.url));
