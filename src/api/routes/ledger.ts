import { ledgerPageSchema, ledgerVerificationSchema } from '../../contract/api/ledger.js';
import { pageQuerySchema } from '../../contract/api/paging.js';
import type { ApiDependencies } from '../environment.js';
import { ledgerPageView, verificationView } from '../present/ledger.js';
import { answers, createRouter, type Router, securedRoute } from '../router.js';
import { existingPair, pairParams } from './pairs.js';

export function ledgerRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/ledger',
      tags: ['ledger'],
      summary: 'The history of a pair, newest first',
      request: { params: pairParams, query: pageQuerySchema },
      responses: answers(ledgerPageSchema, 'A page of entries'),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query');
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      const page = await dependencies.readModel.ledger(pair, { after: after ?? null, limit });
      return c.json(await ledgerPageView(dependencies.store, pair, page), 200);
    },
  );

  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/pairs/{pair}/ledger/verify',
      tags: ['ledger'],
      summary: 'Fold the whole ledger: does it prove what the hub holds, and was any of it changed?',
      request: { params: pairParams },
      responses: answers(ledgerVerificationSchema, 'The root of the log, and every place that does not fit'),
    }),
    async (c) => {
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      const verified = await dependencies.engine.verifyLedger({ pair });
      return c.json(verificationView(pair, verified), 200);
    },
  );
  return router;
}
