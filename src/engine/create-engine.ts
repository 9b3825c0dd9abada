import { checkBrakes, endRun, nextStep, planWaiting, setMode } from './run-pair.js';
import { decideAlike } from './decide-alike.js';
import { decide } from './decide-conflict.js';
import { decidePlanPage } from './decide-plan.js';
import { deliverBatch } from './deliver-batch.js';
import type { Engine, EnginePorts } from './engine.js';
import { eraseRecord } from './erase-record.js';
import { explainRecord } from './explain-record.js';
import { exportLedger } from './export-ledger.js';
import { listMissing } from './list-missing.js';
import { applyPlanPage, approvePlan, failPlan, finishPlan, readyPlan, requestPlan } from './plan.js';
import { recordAsOf } from './record-as-of.js';
import { requestUndo } from './request-undo.js';
import { takePage } from './take-page.js';
import { linkRecords } from './link-records.js';
import { unlinkRecord } from './unlink-record.js';
import { verifyLedger } from './verify-ledger.js';
import { verifySystems } from './verify-systems.js';
import { writeCheckpoint } from './write-checkpoint.js';

/** The use cases over their ports; holds no state of its own. */
export function createEngine(ports: EnginePorts): Engine {
  return {
    nextStep: (input) => nextStep(ports, input),
    takePage: (input) => takePage(ports, input),
    listMissing: (input) => listMissing(ports, input),
    deliverBatch: (input, signal) => deliverBatch(ports, input, signal),
    checkBrakes: (input) => checkBrakes(ports, input),
    planWaiting: (input) => planWaiting(ports, input),
    endRun: (input) => endRun(ports, input),
    setMode: (input) => setMode(ports, input),
    decidePlanPage: (input) => decidePlanPage(ports, input),
    readyPlan: (input) => readyPlan(ports, input),
    failPlan: (input) => failPlan(ports, input),
    applyPlanPage: (input) => applyPlanPage(ports, input),
    finishPlan: (input) => finishPlan(ports, input),
    requestPlan: (input) => requestPlan(ports, input),
    requestUndo: (input) => requestUndo(ports, input),
    approvePlan: (input) => approvePlan(ports, input),
    decide: (input) => decide(ports, input),
    decideAlike: (input) => decideAlike(ports, input),
    explainRecord: (input) => explainRecord(ports, input),
    recordAsOf: (input) => recordAsOf(ports, input),
    eraseRecord: (input) => eraseRecord(ports, input),
    linkRecords: (input) => linkRecords(ports, input),
    unlinkRecord: (input) => unlinkRecord(ports, input),
    verifyLedger: (input) => verifyLedger(ports, input),
    exportLedger: (input) => exportLedger(ports, input),
    writeCheckpoint: (input) => writeCheckpoint(ports, input),
    verify: (input, progress) => verifySystems(ports, input, progress ?? (() => undefined)),
  };
}
