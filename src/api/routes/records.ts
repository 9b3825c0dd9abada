import { z } from 'zod';
import { ledgerPageSchema } from '../../contract/api/ledger.js';
import { pageQuerySchema } from '../../contract/api/paging.js';
import {
  asOfQuerySchema,
  eraseAnswerSchema,
  eraseRequestSchema,
  linkAnswerSchema,
  linkRequestSchema,
  unlinkAnswerSchema,
  unlinkRequestSchema,
  recordAsOfSchema,
  recordDeliveriesSchema,
  recordPageSchema,
  recordQuerySchema,
  recordSchema,
} from '../../contract/api/records.js';
import { keySchema, pairNameSchema, sideNameSchema } from '../../contract/api/values.js';
import { ParleyError } from '../../core/errors.js';
import { type PairId, pairId, recordKey, type SideName, sideName } from '../../core/ids.js';
import type { ApiDependencies } from '../environment.js';
import { ledgerPageView } from '../present/ledger.js';
import { pageView } from '../present/moment.js';
import { recordAsOfView, recordDeliveryView, recordRowView, recordView } from '../present/record.js';
import { answers, body, createRouter, type Router, securedRoute } from '../router.js';
import { existingPair, pairParams } from './pairs.js';

const recordParams = z.object({ pair: pairNameSchema, side: sideNameSchema, key: keySchema });
const deliveriesMax = 100;

export function recordRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  const { engine, readModel } = dependencies;
  historyRoutes(router, dependencies);
  eraseRoute(router, dependencies);
  linkRoute(router, dependencies);
  unlinkRoute(router, dependencies);

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/records',
      tags: ['records'],
      summary: 'Records of a pair, by where they stand and how their keys begin',
      request: { params: pairParams, query: recordQuerySchema },
      responses: answers(recordPageSchema, 'A page of records'),
    }),
    async (c) => {
      const { standing, key, after, limit } = c.req.valid('query');
      const pair = await existingPair(dependencies, c.req.valid('param').pair);
      const filter = { standing: standing ?? null, keyPrefix: key ?? null };
      const page = await readModel.records(pair, filter, { after: after ?? null, limit });
      return c.json(pageView(page, recordRowView), 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/records/{side}/{key}',
      tags: ['records'],
      summary: 'Everything that explains one record: values of all sides, blame, open questions',
      request: { params: recordParams },
      responses: answers(recordSchema, 'The record'),
    }),
    async (c) => {
      const { pair, side, key } = c.req.valid('param');
      await existingSide(dependencies, pair, side);
      const explained = await engine.explainRecord({ pair: pairId(pair), side: sideName(side), key: recordKey(key) });
      return c.json(recordView(explained), 200);
    },
  );
  return router;
}

function eraseRoute(router: Router, dependencies: ApiDependencies): void {
  router.openapi(
    securedRoute('owner', {
      method: 'post',
      path: '/v1/pairs/{pair}/records/{side}/{key}/erase',
      tags: ['records'],
      summary: 'Forget a record for good, with all its history; cannot be taken back',
      request: { params: recordParams, body: body(eraseRequestSchema) },
      responses: answers(eraseAnswerSchema, 'Whether it is erased, or its systems delete it first'),
    }),
    async (c) => {
      const { pair: name, side: on, key } = c.req.valid('param');
      const { confirm, reason, systems } = c.req.valid('json');
      if (confirm !== `${on}:${key}`) {
        throw new ParleyError('request.invalid', 'The record that is confirmed is another one. Nothing was erased.', {
          hint: 'Repeat side:key in "confirm".',
        });
      }
      const { pair, side } = await existingSide(dependencies, name, on);
      const by = c.get('principal').name;
      const erased = await dependencies.engine.eraseRecord({ pair, side, key: recordKey(key), by, reason, systems });
      return c.json(erased, 200);
    },
  );
}

function linkRoute(router: Router, dependencies: ApiDependencies): void {
  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/pairs/{pair}/records/{side}/{key}/link',
      tags: ['records'],
      summary: 'Make one record of two that are known: they are read together as on first contact',
      request: { params: recordParams, body: body(linkRequestSchema) },
      responses: answers(linkAnswerSchema, 'What is written and asked'),
    }),
    async (c) => {
      const { pair: name, side: on, key } = c.req.valid('param');
      const { to, note, dryRun } = c.req.valid('json');
      const { pair, side } = await existingSide(dependencies, name, on);
      const other = await existingSide(dependencies, name, to.side);
      const { entity, writes, asks } = await dependencies.engine.linkRecords({
        pair,
        record: { side, key: recordKey(key) },
        to: { side: other.side, key: recordKey(to.key) },
        by: c.get('principal').name,
        note: note ?? null,
        dryRun,
      });
      return c.json({ entity, writes: writes.map((write) => ({ ...write })), asks: [...asks] }, 200);
    },
  );
}

function unlinkRoute(router: Router, dependencies: ApiDependencies): void {
  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/pairs/{pair}/records/{side}/{key}/unlink',
      tags: ['records'],
      summary: 'Take a link back: the record stands for itself again, and both get back what they held before',
      request: { params: recordParams, body: body(unlinkRequestSchema) },
      responses: answers(unlinkAnswerSchema, 'What goes back, and what stays as it is'),
    }),
    async (c) => {
      const { pair: name, side: on, key } = c.req.valid('param');
      const { note, dryRun } = c.req.valid('json');
      const { pair, side } = await existingSide(dependencies, name, on);
      const by = c.get('principal').name;
      const wish = { pair, side, key: recordKey(key), by, note: note ?? null, dryRun };
      const { restored, left, ...answer } = await dependencies.engine.unlinkRecord(wish);
      return c.json({ ...answer, restored: [...restored], left: [...left] }, 200);
    },
  );
}

function historyRoutes(router: Router, dependencies: ApiDependencies): void {
  const { readModel } = dependencies;
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/records/{side}/{key}/ledger',
      tags: ['records'],
      summary: 'What happened to one record, newest first',
      request: { params: recordParams, query: pageQuerySchema },
      responses: answers(ledgerPageSchema, 'A page of ledger entries'),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query');
      const { pair, entity } = await existingRecord(dependencies, c.req.valid('param'));
      const page = await readModel.entityLedger(pair, entity.id, { after: after ?? null, limit });
      return c.json(await ledgerPageView(dependencies.store, pair, page), 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/records/{side}/{key}/as-of',
      tags: ['records'],
      summary: 'The record as it was after an entry of the ledger or at a moment, from its history alone',
      request: { params: recordParams, query: asOfQuerySchema },
      responses: answers(recordAsOfSchema, 'The record as it was'),
    }),
    async (c) => {
      const { pair: name, side: on, key } = c.req.valid('param');
      const { pair, side } = await existingSide(dependencies, name, on);
      const { seq, at } = c.req.valid('query');
      const asOf = seq === undefined ? { atMs: Date.parse(at ?? '') } : { seq };
      const was = await dependencies.engine.recordAsOf({ pair, side, key: recordKey(key), asOf });
      return c.json(recordAsOfView(was), 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/pairs/{pair}/records/{side}/{key}/deliveries',
      tags: ['records'],
      summary: 'Writes to one record with what became of them, newest first',
      request: { params: recordParams },
      responses: answers(recordDeliveriesSchema, `At most ${deliveriesMax} writes`),
    }),
    async (c) => {
      const { pair, entity } = await existingRecord(dependencies, c.req.valid('param'));
      const rows = await readModel.entityDeliveries(pair, entity.id, deliveriesMax);
      return c.json({ rows: rows.map(recordDeliveryView) }, 200);
    },
  );
}

async function existingRecord(dependencies: ApiDependencies, place: z.infer<typeof recordParams>) {
  const { pair, side } = await existingSide(dependencies, place.pair, place.side);
  const entity = await dependencies.readModel.entityByKey(pair, side, recordKey(place.key));
  if (entity !== null) return { pair, entity };
  // The key is the caller's own and names a record; it is said back so that a typing error can be seen.
  throw new ParleyError('record.not_found', `Pair ${pair} knows no record ${side}:${place.key}.`, {
    hint: `parley record list --pair ${pair} --key <beginning> finds records by key.`,
  });
}

/** A side that the pair does not have is named with those that it has. @throws ParleyError `pair.not_found`, `request.not_found` */
async function existingSide(
  dependencies: ApiDependencies,
  rawPair: string,
  rawSide: string,
): Promise<{ pair: PairId; side: SideName }> {
  const row = await dependencies.store.pair(pairId(rawPair));
  const revision = await dependencies.store.revision(row.pair, row.revision ?? row.latestRevision);
  const sides = revision?.rules.sides.map((side) => side.name) ?? [];
  const found = sides.find((side) => side === rawSide);
  if (found !== undefined) return { pair: row.pair, side: found };
  throw new ParleyError('request.not_found', `Pair ${row.pair} has no side "${rawSide}".`, {
    hint: `Its sides are ${sides.join(' and ')}.`,
  });
}
