import {
  type ConflictQuery,
  conflictGroupPageSchema,
  conflictPageSchema,
  type DecideAlikeRequest,
  type DecideRequest,
  decideAlikeAnswerSchema,
  decideAnswerSchema,
} from './conflicts.js';
import { pairEventSchema, verifyEventSchema } from './events.js';
import { ledgerPageSchema, ledgerVerificationSchema } from './ledger.js';
import { exportLineSchema, type ExportQuery } from './ledger-export.js';
import type { PageQuery, PageView } from './paging.js';
import { type ModeChange, pairListSchema, pairRevisionSchema, pairSchema, setAsidePageSchema } from './pairs.js';
import {
  type PlanItemQuery,
  type PlanQuery,
  planItemPageSchema,
  planPageSchema,
  planSchema,
  type UndoRequest,
} from './plans.js';
import {
  conflictDetailSchema,
  type EraseRequest,
  type LinkRequest,
  linkAnswerSchema,
  type UnlinkRequest,
  unlinkAnswerSchema,
  eraseAnswerSchema,
  type RecordQuery,
  recordAsOfSchema,
  recordDeliveriesSchema,
  recordPageSchema,
  recordSchema,
} from './records.js';
import { cycleSchema, type RunQuery, runPageSchema } from './runs.js';
import { healthSchema, readinessSchema } from './server.js';
import { type ApiClientSettings, createTransport, path } from './transport.js';

export type ApiClient = ReturnType<typeof createApiClient>;

/**
 * Speaks to the API in its own words: methods by noun, answers checked against the schemas they were written from.
 *
 * @throws ParleyError from every method: the server's own code for a problem it reports, `api.unreachable` when it does
 * not answer, `api.not_understood` when something else answers or its version differs.
 */
export function createApiClient(settings: ApiClientSettings) {
  const transport = createTransport(settings);
  const { get, post } = transport;
  return {
    server: {
      health: () => get(healthSchema, '/health'),
      /** Not ready is an answer here, not an error. */
      ready: () => get(readinessSchema, '/ready', {}, [503]),
    },
    pairs: {
      list: () => get(pairListSchema, '/v1/pairs'),
      show: (pair: string) => get(pairSchema, path`/v1/pairs/${pair}`),
      revision: (pair: string) => get(pairRevisionSchema, path`/v1/pairs/${pair}/revision`),
      setAside: (pair: string, query: PageQuery = {}) =>
        get(setAsidePageSchema, path`/v1/pairs/${pair}/set-aside`, query),
      run: (pair: string) => post(cycleSchema, path`/v1/pairs/${pair}/run`),
      change: (pair: string, change: ModeChange) => post(pairSchema, path`/v1/pairs/${pair}/${change}`),
      verify: (pair: string) => transport.lines(verifyEventSchema, 'POST', path`/v1/pairs/${pair}/verify`),
      /** `after` is the last ledger position already seen, -1 for all; without it events come from now on. */
      events: (pair: string, query: { readonly after?: number } = {}) =>
        transport.lines(pairEventSchema, 'GET', path`/v1/pairs/${pair}/events`, query),
      ledger: (pair: string, query: PageQuery = {}) => get(ledgerPageSchema, path`/v1/pairs/${pair}/ledger`, query),
      /** Every entry with what proves it; `side` and `key` name one record. */
      exportLedger: (pair: string, query: ExportQuery = {}) =>
        transport.lines(exportLineSchema, 'GET', path`/v1/pairs/${pair}/ledger/export`, query),
      verifyLedger: (pair: string) => post(ledgerVerificationSchema, path`/v1/pairs/${pair}/ledger/verify`),
    },
    plans: {
      request: (pair: string) => post(planSchema, '/v1/plans', { pair }),
      undo: (request: UndoRequest) => post(planSchema, '/v1/undo', request),
      list: (query: PlanQuery = {}) => get(planPageSchema, '/v1/plans', query),
      show: (id: number) => get(planSchema, path`/v1/plans/${id}`),
      items: (id: number, query: PlanItemQuery = {}) => get(planItemPageSchema, path`/v1/plans/${id}/items`, query),
      approve: (id: number) => post(planSchema, path`/v1/plans/${id}/approve`),
    },
    runs: {
      list: (query: RunQuery = {}) => get(runPageSchema, '/v1/runs', query),
    },
    records: {
      list: (pair: string, query: RecordQuery = {}) => get(recordPageSchema, path`/v1/pairs/${pair}/records`, query),
      show: (pair: string, side: string, key: string) =>
        get(recordSchema, path`/v1/pairs/${pair}/records/${side}/${key}`),
      asOf: (place: RecordPlace, query: { readonly seq?: number; readonly at?: string }) =>
        get(recordAsOfSchema, path`/v1/pairs/${place.pair}/records/${place.side}/${place.key}/as-of`, query),
      link: (place: RecordPlace, request: LinkRequest) =>
        post(linkAnswerSchema, path`/v1/pairs/${place.pair}/records/${place.side}/${place.key}/link`, request),
      unlink: (place: RecordPlace, request: UnlinkRequest) =>
        post(unlinkAnswerSchema, path`/v1/pairs/${place.pair}/records/${place.side}/${place.key}/unlink`, request),
      erase: (place: RecordPlace, request: EraseRequest) =>
        post(eraseAnswerSchema, path`/v1/pairs/${place.pair}/records/${place.side}/${place.key}/erase`, request),
      ledger: (place: RecordPlace, query: PageQuery = {}) =>
        get(ledgerPageSchema, path`/v1/pairs/${place.pair}/records/${place.side}/${place.key}/ledger`, query),
      deliveries: (place: RecordPlace) =>
        get(recordDeliveriesSchema, path`/v1/pairs/${place.pair}/records/${place.side}/${place.key}/deliveries`),
    },
    conflicts: {
      list: (query: ConflictQuery = {}) => get(conflictPageSchema, '/v1/conflicts', query),
      groups: (query: ConflictQuery = {}) => get(conflictGroupPageSchema, '/v1/conflicts/groups', query),
      show: (id: number) => get(conflictDetailSchema, path`/v1/conflicts/${id}`),
      decide: (id: number, request: DecideRequest) =>
        post(decideAnswerSchema, path`/v1/conflicts/${id}/decide`, request),
      decideAlike: (request: DecideAlikeRequest) =>
        post(decideAlikeAnswerSchema, '/v1/conflicts/decide-alike', request),
    },
  };
}

export type RecordPlace = { readonly pair: string; readonly side: string; readonly key: string };

/** All rows of a list, page after page: `eachRow((after) => client.plans.items(7, { after, limit: 1000 }))`. */
export async function* eachRow<Row>(
  page: (position: { readonly after?: string }) => Promise<PageView<Row>>,
): AsyncGenerator<Row> {
  let next: string | null = null;
  do {
    const answer: PageView<Row> = await page(next === null ? {} : { after: next });
    yield* answer.rows;
    next = answer.next;
  } while (next !== null);
}
