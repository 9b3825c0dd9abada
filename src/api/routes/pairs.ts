import { z } from 'zod';
import { pageQuerySchema } from '../../contract/api/paging.js';
import {
  modeChanges,
  pairListSchema,
  pairRevisionSchema,
  pairSchema,
  setAsidePageSchema,
} from '../../contract/api/pairs.js';
import { cycleSchema } from '../../contract/api/runs.js';
import { pairNameSchema } from '../../contract/api/values.js';
import { ParleyError } from '../../core/errors.js';
import { type PairId, pairId, type RevisionId } from '../../core/ids.js';
import type { Role } from '../../engine/store.js';
import type { ApiDependencies } from '../environment.js';
import { moment, pageView } from '../present/moment.js';
import { pairView } from '../present/pair.js';
import { cycleView } from '../present/run.js';
import { answers, createRouter, type Router, securedRoute } from '../router.js';

export const pairParams = z.object({ pair: pairNameSchema });

/** Whoever may decide may also stop writes; letting them flow again, and stopping everything, is the owner's. */
const roleOfChange: Readonly<Record<(typeof modeChanges)[number], Role>> = {
  hold: 'operator',
  pause: 'owner',
  drain: 'owner',
  resume: 'owner',
};

export function pairRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  readingRoutes(router, dependencies);
  const { runner, readModel } = dependencies;

  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/pairs/{pair}/run',
      tags: ['pairs'],
      summary: 'Run one cycle now and wait for it',
      request: { params: pairParams },
      responses: answers(cycleSchema, 'What the cycle did'),
    }),
    async (c) => {
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      return c.json(cycleView(await runner.runNow(pair)), 200);
    },
  );

  for (const change of modeChanges) {
    router.openapi(
      securedRoute(roleOfChange[change], {
        method: 'post',
        path: `/v1/pairs/{pair}/${change}`,
        tags: ['pairs'],
        summary: changeSummary[change],
        request: { params: pairParams },
        responses: answers(pairSchema, 'The pair afterwards'),
      }),
      async (c) => {
        const pair = await existingPair(dependencies, c.req.valid('param').pair);
        await runner.setMode(pair, change, c.get('principal').name);
        const [status, workers] = await Promise.all([readModel.pairStatus(pair), readModel.workersAlive()]);
        return c.json(pairView(status, workers), 200);
      },
    );
  }
  return router;
}

const changeSummary: Readonly<Record<(typeof modeChanges)[number], string>> = {
  hold: 'Go on reading, write nothing; a batch under way is finished first',
  pause: 'Neither read nor write; a batch under way is finished first',
  drain: 'Finish the queue, then pause',
  resume: 'Read and write again',
};

function readingRoutes(router: Router, dependencies: ApiDependencies): void {
  const { readModel } = dependencies;
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs',
      tags: ['pairs'],
      summary: 'All pairs with their state',
      responses: answers(pairListSchema, 'All pairs, by name'),
    }),
    async (c) => {
      const [statuses, workers] = await Promise.all([readModel.pairStatuses(), readModel.workersAlive()]);
      return c.json({ rows: statuses.map((status) => pairView(status, workers)) }, 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}',
      tags: ['pairs'],
      summary: 'One pair with its state',
      request: { params: pairParams },
      responses: answers(pairSchema, 'The pair'),
    }),
    async (c) => {
      const pair = pairId(c.req.valid('param').pair);
      const [status, workers] = await Promise.all([readModel.pairStatus(pair), readModel.workersAlive()]);
      return c.json(pairView(status, workers), 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/revision',
      tags: ['pairs'],
      summary: 'The configuration that decides, and the newest one',
      request: { params: pairParams },
      responses: answers(pairRevisionSchema, 'Both, with their text'),
    }),
    async (c) => {
      const row = await dependencies.store.pair(pairId(c.req.valid('param').pair));
      const latest = await revisionText(dependencies, row.pair, row.latestRevision);
      const active = row.revision === null ? null : await revisionText(dependencies, row.pair, row.revision);
      return c.json({ pair: row.pair, active, latest, differs: row.revision !== row.latestRevision }, 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/set-aside',
      tags: ['pairs'],
      summary: 'Rows that could not be read as records',
      request: { params: pairParams, query: pageQuerySchema },
      responses: answers(setAsidePageSchema, 'Where they stand and why'),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query');
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      const page = await readModel.setAside(pair, { after: after ?? null, limit });
      return c.json(
        pageView(page, ({ atMs, ...row }) => ({ ...row, at: moment(atMs) })),
        200,
      );
    },
  );
}

/** The pair of a request. Lists of a pair that does not exist would otherwise be empty lists. @throws ParleyError `pair.not_found` */
export async function existingPair(dependencies: Pick<ApiDependencies, 'store'>, raw: string): Promise<PairId> {
  return (await dependencies.store.pair(pairId(raw))).pair;
}

async function revisionText(dependencies: ApiDependencies, pair: PairId, id: RevisionId) {
  const revision = await dependencies.store.revision(pair, id);
  if (revision === null) {
    throw new ParleyError('internal.bug', `Pair ${pair} names revision ${id}, which is not stored.`);
  }
  return { id: revision.id, text: revision.text };
}
