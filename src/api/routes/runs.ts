import { runPageSchema, runQuerySchema } from '../../contract/api/runs.js';
import type { ApiDependencies } from '../environment.js';
import { pageView } from '../present/moment.js';
import { runView } from '../present/run.js';
import { answers, createRouter, type Router, securedRoute } from '../router.js';
import { existingPair } from './pairs.js';

export function runRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/runs',
      tags: ['runs'],
      summary: 'Runs with their counts, newest first',
      request: { query: runQuerySchema },
      responses: answers(runPageSchema, 'A page of runs'),
    }),
    async (c) => {
      const { pair, after, limit } = c.req.valid('query');
      const wanted = pair === undefined ? null : await existingPair(dependencies, pair);
      const page = await dependencies.readModel.runs(wanted, { after: after ?? null, limit });
      return c.json(pageView(page, runView), 200);
    },
  );
  return router;
}
