import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../contract/api/client.js';
import type { PairView } from '../../contract/api/pairs.js';
import type { PlanView } from '../../contract/api/plans.js';
import { ParleyError } from '../../core/errors.js';
import type { Crm } from './crm.js';
import type { Erp } from './erp.js';

const pair = 'suppliers';
const pollMs = 200;
const patienceMs = 120_000;

export type Stage = {
  readonly client: ApiClient;
  readonly crm: Crm;
  readonly erp: Erp;
  /** One line that says what happened and why. */
  readonly say: (text: string) => void;
  readonly onPlan: (plan: PlanView) => void;
  readonly signal: AbortSignal;
};

/** Seconds between the edits, so that a person can follow. */
const breathMs = 1_500;

/** The first plan and its approval, unless an earlier start of the demo did it. */
export async function firstContact(stage: Stage): Promise<void> {
  const known = await stage.client.pairs.list();
  const mine = known.rows.find((row) => row.pair === pair);
  if (mine !== undefined && mine.mode !== 'new') {
    // An earlier demo that was stopped in the middle of its third edit left the writes held.
    if (mine.mode !== 'active') await stage.client.pairs.change(pair, 'resume');
    stage.say(`The pair is already agreed; it goes on where it was: ${agreementText(await settled(stage))}.`);
    return;
  }
  const requested = await stage.client.plans.request(pair);
  const plan = await planUntil(stage, requested.id, 'ready');
  tellPlan(stage, plan);
  await stage.client.plans.approve(plan.id);
  await planUntil(stage, plan.id, 'applied');
  const status = await settled(stage);
  stage.say(
    `Applied plan ${plan.id} (approved as "demo"): ${status.ledgerSize.toLocaleString('en')} ledger entries; ${agreementText(status)}.`,
  );
}

function tellPlan({ say }: Stage, { id, counts }: PlanView): void {
  if (counts === null) throw new ParleyError('plan.not_ready', `Plan ${id} has no counts.`);
  const { sides, ask, link, alike, shapes, override } = counts;
  const number = (value: number | undefined): string => (value ?? 0).toLocaleString('en');
  say(
    `Plan ${id}: nothing is written yet. ${number(link)} linked records need nothing; ` +
      `${number(alike['name'])} names and ${number(alike['address'])} addresses differ only in spelling or layout.`,
  );
  say(
    `  would create ${number(sides['erp']?.create)} in the ERP and ${number(sides['crm']?.create)} in the CRM; ` +
      `would update ${number(sides['erp']?.update)} addresses in the ERP, where the CRM decides.`,
  );
  say(
    `  would ask a person about ${number(ask['clash name'])} names in ${number(shapes)} shapes: both sides may edit them, ` +
      `and no rule says who wins. ${number(override['address'])} addresses stay as they are: the CRM has none.`,
  );
}

/** Edit 1: two people, two fields, one record: both edits are kept. */
export async function mergeTwoFields(stage: Stage, key: string): Promise<void> {
  const [erpRow, crmRow] = [await stage.erp.row(key), await stage.crm.row(key)];
  const name = `${erpRow?.organization_name} Group`;
  const street = `${crmRow?.street}, 2nd floor`;
  stage.say(`Edit 1, record ${key}: the ERP changes the name, the CRM the street, at the same time.`);
  await Promise.all([stage.erp.edit(key, { organization_name: name }), stage.crm.edit(key, { street })]);
  await until(stage, 'both edits to arrive', async () => {
    const [inErp, inCrm] = [await stage.erp.row(key), await stage.crm.row(key)];
    return inCrm?.name === name && inErp?.organization_address.includes(street) === true;
  });
  stage.say(
    `  both kept: the CRM has "${name}", the ERP has "… ${street} …". Different fields of one record never fight.`,
  );
  await sleep(breathMs, undefined, { signal: stage.signal });
}

/** Edit 2: a stray edit on the side that does not decide is put back, and kept in the ledger. */
export async function restoreStray(stage: Stage, key: string): Promise<void> {
  const before = (await stage.erp.row(key))?.organization_address ?? '';
  const stray = '1 Wrong Turn, Nowhere';
  stage.say(
    `Edit 2, record ${key}: somebody changes the address in the ERP to "${stray}". Addresses belong to the CRM.`,
  );
  await stage.erp.edit(key, { organization_address: stray });
  await until(
    stage,
    'the stray edit to be put back',
    async () => (await stage.erp.row(key))?.organization_address !== stray,
  );
  const after = (await stage.erp.row(key))?.organization_address ?? '';
  stage.say(
    `  put back to "${after.trim()}"; the stray value is kept in the ledger.${
      after.trim() === before.trim() ? '' : ' Spelled as the CRM spells it.'
    }`,
  );
  await sleep(breathMs, undefined, { signal: stage.signal });
}

/** Edit 3: both sides change one name before either sees the other's change: asked, and answered by a person. */
export async function askAndAnswer(stage: Stage, key: string): Promise<void> {
  const { client, crm, erp, say } = stage;
  const name = (await crm.row(key))?.name ?? '';
  await client.pairs.change(pair, 'hold');
  say(`Edit 3, record ${key}: writes are held while the CRM renames it "${name} North" and the ERP "${name} South".`);
  await Promise.all([crm.edit(key, { name: `${name} North` }), erp.edit(key, { organization_name: `${name} South` })]);
  const question = await found(stage, 'the clash to be asked', async () => {
    const { conflicts } = await client.records.show(pair, 'crm', key);
    return conflicts.find(({ state, unit }) => state === 'open' && unit === 'name');
  });
  say(
    `  CF-${question.id}: ${question.note ?? 'neither had seen the other\u2019s change.'} Nothing is written until somebody decides.`,
  );
  await client.pairs.change(pair, 'resume');
  await client.conflicts.decide(question.id, {
    vv: question.vv,
    choice: { kind: 'keep', side: 'erp' },
    note: 'confirmed by phone',
  });
  await until(stage, 'the decision to be written', async () => (await crm.row(key))?.name === `${name} South`);
  say(
    `  decided: keep ERP ("confirmed by phone"). The CRM now has "${name} South"; ` +
      `"${name} North" stays in the ledger as the recorded loser.`,
  );
}

/** The end of the story: the ledger folds to what is stored, and every difference has a reason. */
export async function proveIt(stage: Stage): Promise<boolean> {
  const status = await settled(stage);
  const ledger = await stage.client.pairs.verifyLedger(pair);
  stage.say(
    `Ledger: ${ledger.entries.toLocaleString('en')} entries fold to exactly what is stored; ` +
      `${ledger.ok ? 'verified' : `NOT verified: ${ledger.problems.length} problems`} (root ${ledger.root.slice(0, 16)}).`,
  );
  for await (const event of stage.client.pairs.verify(pair)) {
    if (event.event === 'problem')
      throw new ParleyError('ledger.mismatch', event.problem.detail ?? event.problem.title);
    if (event.event !== 'result') continue;
    const { agree, compared, differences, unexplained } = event.result;
    const reasons = Object.entries(differences).map(
      ([reason, count]) => `${count.toLocaleString('en')} ${reason.replaceAll('_', ' ')}`,
    );
    stage.say(
      `Both systems compared: ${agree.toLocaleString('en')} of ${compared.toLocaleString('en')} agree; ` +
        `${reasons.join(', ') || 'no differences'}; ${unexplained.length} unexplained: 100 % explained.`,
    );
    return ledger.ok && unexplained.length === 0 && status.pair === pair;
  }
  return false;
}

/** Records whose sides agree, so that the edits of the story start from agreement. */
export async function agreedKeys(stage: Stage, count: number): Promise<readonly string[]> {
  const { rows } = await stage.client.records.list(pair, { standing: 'agreed', limit: 200 });
  const keys: string[] = [];
  for (const { keys: sides } of rows) {
    const key = sides['crm'];
    if (key === undefined || sides['erp'] === undefined) continue;
    const row = await stage.crm.row(key);
    if (row?.street && row.name && !/ (Group|North|South)$/.test(row.name)) keys.push(key);
    if (keys.length === count) return keys;
  }
  throw new ParleyError('record.not_found', 'The demo found too few records whose sides agree.', {
    hint: 'parley status suppliers',
  });
}

async function planUntil(stage: Stage, id: number, wanted: PlanView['state']): Promise<PlanView> {
  return found(stage, `plan ${id} to be ${wanted}`, async () => {
    const plan = await stage.client.plans.show(id);
    stage.onPlan(plan);
    if (plan.state === 'failed')
      throw new ParleyError('plan.not_ready', `Plan ${id} failed: ${plan.problem ?? 'no reason was recorded'}`);
    return plan.state === wanted ? plan : undefined;
  });
}

/**
 * Waits until nothing is on its way and every side was read to its end since: from then on the hub knows that a side
 * has seen what needed no write, and an edit there is no clash.
 */
async function settled(stage: Stage): Promise<PairView> {
  const quiet = await found(stage, 'everything to be delivered', async () => {
    const status = await stage.client.pairs.show(pair);
    const { onItsWay, undecided } = status.agreement.differ;
    return onItsWay === 0 && undecided === 0 ? status : undefined;
  });
  return found(stage, 'both sides to be read once more', async () => {
    const status = await stage.client.pairs.show(pair);
    return status.sides.every(({ readAt }) => readAt !== null && readAt > quiet.now) ? status : undefined;
  });
}

function agreementText({ agreement, openConflictsTotal }: PairView): string {
  return (
    `${agreement.percent} % of ${agreement.of.toLocaleString('en')} records agree, ` +
    `${openConflictsTotal.toLocaleString('en')} questions wait for a person`
  );
}

async function until(stage: Stage, what: string, check: () => Promise<boolean>): Promise<void> {
  await found(stage, what, async () => ((await check()) ? true : undefined));
}

async function found<Value>(stage: Stage, what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > endMs) {
      throw new ParleyError('pair.busy', `The demo waited ${patienceMs / 1000} s for ${what} in vain.`, {
        hint: 'parley status suppliers; the logs are in .parley/logs',
      });
    }
    await sleep(pollMs, undefined, { signal: stage.signal });
  }
}
