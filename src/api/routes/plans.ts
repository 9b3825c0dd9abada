import {
  planItemPageSchema,
  planItemQuerySchema,
  planPageSchema,
  planQuerySchema,
  planRequestSchema,
  planSchema,
  undoRequestSchema,
} from '../../contract/api/plans.js';
import { ParleyError } from '../../core/errors.js';
import { pairId, recordKey, sideName, unitName } from '../../core/ids.js';
import type { ApiDependencies } from '../environment.js';
import { pageView } from '../present/moment.js';
import { planItemView, planView } from '../present/plan.js';
import { answers, body, createRouter, idParams, type Router, securedRoute } from '../router.js';
import { existingPair } from './pairs.js';

export function planRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  const { engine } = dependencies;
  readingRoutes(router, dependencies);

  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/plans',
      tags: ['plans'],
      summary: 'Ask for a plan: reads the configuration folder and both systems, writes to neither',
      request: { body: body(planRequestSchema) },
      responses: answers(planSchema, 'The plan, which is being made: ask for it again until it is ready'),
    }),
    async (c) => {
      const pair = pairId(c.req.valid('json').pair);
      const { plan } = await engine.requestPlan({ pair, by: c.get('principal').name });
      return c.json(await existingPlan(dependencies, plan), 200);
    },
  );

  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/undo',
      tags: ['plans'],
      summary: 'Ask for a plan that takes back a decision, an entry, a run or the last change of a record',
      request: { body: body(undoRequestSchema) },
      responses: answers(planSchema, 'The plan, which is being made: approve it when it is ready'),
    }),
    async (c) => {
      const { pair, conflict, entry, run, record, note } = c.req.valid('json');
      const by = c.get('principal').name;
      const { plan } = await engine.requestUndo({
        pair: pairId(pair),
        by,
        note,
        ...(conflict === undefined ? {} : { conflict }),
        ...(entry === undefined ? {} : { entry }),
        ...(run === undefined ? {} : { run }),
        ...(record === undefined
          ? {}
          : { record: { side: sideName(record.side), key: recordKey(record.key), to: record.to ?? null } }),
      });
      return c.json(await existingPlan(dependencies, plan), 200);
    },
  );

  router.openapi(
    securedRoute('owner', {
      method: 'post',
      path: '/v1/plans/{id}/approve',
      tags: ['plans'],
      summary: 'Approve a plan: it is applied at once, rows that moved on since are left out',
      request: { params: idParams },
      responses: answers(planSchema, 'The plan, which is being applied: ask for it again until it is applied'),
    }),
    async (c) => {
      const plan = c.req.valid('param').id;
      await existingPlan(dependencies, plan);
      await engine.approvePlan({ plan, by: c.get('principal').name });
      return c.json(await existingPlan(dependencies, plan), 200);
    },
  );
  return router;
}

function readingRoutes(router: Router, dependencies: ApiDependencies): void {
  const { readModel, store } = dependencies;
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/plans',
      tags: ['plans'],
      summary: 'Plans, newest first',
      request: { query: planQuerySchema },
      responses: answers(planPageSchema, 'A page of plans'),
    }),
    async (c) => {
      const { pair, after, limit } = c.req.valid('query');
      const wanted = pair === undefined ? null : await existingPair(dependencies, pair);
      const page = await readModel.plans(wanted, { after: after ?? null, limit });
      const nowMs = await store.nowMs();
      return c.json(
        pageView(page, (row) => planView(row, nowMs)),
        200,
      );
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/plans/{id}',
      tags: ['plans'],
      summary: 'One plan with its summary',
      request: { params: idParams },
      responses: answers(planSchema, 'The plan'),
    }),
    async (c) => c.json(await existingPlan(dependencies, c.req.valid('param').id), 200),
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/plans/{id}/items',
      tags: ['plans'],
      summary: 'What a plan would write and ask, row by row',
      request: { params: idParams, query: planItemQuerySchema },
      responses: answers(planItemPageSchema, 'A page of rows'),
    }),
    async (c) => {
      const { kind, unit, blankOnly, after, limit } = c.req.valid('query');
      const plan = await existingPlan(dependencies, c.req.valid('param').id);
      const filter = {
        kind: kind ?? null,
        unit: unit === undefined ? null : unitName(unit),
        blankOnly: blankOnly === 'true',
      };
      const page = await readModel.planItems(plan.id, filter, { after: after ?? null, limit });
      return c.json(pageView(page, planItemView), 200);
    },
  );
}

async function existingPlan(dependencies: ApiDependencies, id: number) {
  const [row, nowMs] = await Promise.all([dependencies.store.plan(id), dependencies.store.nowMs()]);
  if (row !== null) return planView(row, nowMs);
  throw new ParleyError('plan.not_found', `There is no plan ${id}. Nothing was done.`, {
    hint: 'parley plan list shows the plans; parley plan <pair> makes a new one.',
  });
}
