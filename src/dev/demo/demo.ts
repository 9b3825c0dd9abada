import { createApiClient } from '../../contract/api/client.js';
import type { PlanView } from '../../contract/api/plans.js';
import { openStore } from '../../db/postgres-store.js';
import type { Log } from '../../engine/ports.js';
import { type DevEvent, type DevToken, startDev } from '../dev.js';
import { openCrm, type Crm } from './crm.js';
import { openErp } from './erp.js';
import { agreedKeys, askAndAnswer, firstContact, mergeTwoFields, proveIt, restoreStray, type Stage } from './story.js';
import { prepareWorkspace } from './workspace.js';

export type DemoOptions = {
  /** Where the demo lives; made when it is not there, used again when it is. */
  readonly folder: string;
  /** End when the story is told, instead of staying up. */
  readonly once: boolean;
  readonly log: Log;
  /** A line of the story, for people. */
  readonly say: (text: string) => void;
  /** What is being started, and how far the plan is: for a status line. */
  readonly onEvent: (event: DevEvent | { readonly kind: 'plan'; readonly plan: PlanView }) => void;
  /** Raised by Ctrl-C: everything is stopped in order. */
  readonly signal: AbortSignal;
  /** Called when the story is told and the demo stays up. */
  readonly onUp?: (url: string) => void;
};

export type DemoResult = { readonly ok: boolean; readonly interrupted: boolean };

/**
 * The whole product on one machine, on real data: brings the embedded stack up, keeps a spreadsheet and a table in
 * agreement, drives three edits and says what happened and why. Returns when it was stopped, or after the story with
 * `once`. What is written stays in the folder: the next start goes on from there.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { say, signal } = options;
  const workspace = await prepareWorkspace(options.folder);
  let crmUrl = '';
  const dev = await startDev({
    folder: workspace.folder,
    log: options.log,
    onEvent: options.onEvent,
    saveToken: saveDemoToken,
    signal,
    prepare: async (postgres) => {
      crmUrl = await postgres.ensureDatabase({ name: 'crm', owner: 'crm' });
      const filled = await openCrm(crmUrl, workspace.crmSnapshot);
      await filled.close();
      return { CRM_URL: crmUrl };
    },
  });
  const crm = await openCrm(crmUrl, workspace.crmSnapshot);
  try {
    const ok = await tell(options, {
      url: dev.file.api.url,
      token: dev.file.api.token,
      crm,
      erpFile: workspace.erpFile,
    });
    if (options.once) return { ok, interrupted: false };
    say(
      `Everything stays up. Change a cell in ${workspace.erpFile}, ` +
        `or a row in the CRM, and watch: cd ${options.folder} && npx parley watch`,
    );
    options.onUp?.(dev.file.api.url);
    await raised(signal);
    return { ok, interrupted: true };
  } catch (error) {
    if (signal.aborted) return { ok: true, interrupted: true };
    throw error;
  } finally {
    await crm.close();
    await dev.stop();
  }
}

type Place = { readonly url: string; readonly token: string; readonly crm: Crm; readonly erpFile: string };

async function tell({ say, onEvent, signal }: DemoOptions, { url, token, crm, erpFile }: Place): Promise<boolean> {
  const erp = openErp(erpFile);
  const stage: Stage = {
    client: createApiClient({ url, token }),
    crm,
    erp,
    say,
    signal,
    onPlan: (plan) => onEvent({ kind: 'plan', plan }),
  };
  say(
    `Two real stores: the CRM, a Postgres table of ${(await crm.count()).toLocaleString('en')} companies; ` +
      `the ERP, a spreadsheet of ${(await erp.count()).toLocaleString('en')} (${erpFile}).`,
  );
  await firstContact(stage);
  const [first, second, third] = await agreedKeys(stage, 3);
  await mergeTwoFields(stage, first as string);
  await restoreStray(stage, second as string);
  await askAndAnswer(stage, third as string);
  return proveIt(stage);
}

async function saveDemoToken(token: DevToken): Promise<void> {
  const store = await openStore({ url: token.ownerUrl, connectionsMax: 1 });
  try {
    await store.saveToken({ hash: token.hash, name: 'demo', role: token.role });
  } finally {
    await store.close();
  }
}

function raised(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
