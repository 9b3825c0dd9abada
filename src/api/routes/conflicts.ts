import {
  conflictGroupPageSchema,
  conflictPageSchema,
  conflictQuerySchema,
  decideAlikeAnswerSchema,
  decideAlikeRequestSchema,
  decideAnswerSchema,
  decideRequestSchema,
  type ChoiceInput,
} from '../../contract/api/conflicts.js';
import { conflictDetailSchema, type RecordView } from '../../contract/api/records.js';
import type { z } from 'zod';
import { ParleyError } from '../../core/errors.js';
import { entityId, recordKey, sideName, unitName } from '../../core/ids.js';
import { unpack } from '../../core/pack.js';
import type { Choice } from '../../engine/engine.js';
import type { ConflictFilter } from '../../engine/read-model.js';
import type { ConflictRow } from '../../engine/store.js';
import type { ApiDependencies } from '../environment.js';
import { conflictGroupView, conflictView } from '../present/conflict.js';
import { pageView } from '../present/moment.js';
import { recordView } from '../present/record.js';
import { answers, body, createRouter, idParams, type Router, securedRoute } from '../router.js';
import { existingPair } from './pairs.js';

export function conflictRoutes(dependencies: ApiDependencies): Router {
  const router = createRouter();
  listRoutes(router, dependencies);
  decisionRoutes(router, dependencies);

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/conflicts/{id}',
      tags: ['conflicts'],
      summary: 'One question with the record it is about',
      request: { params: idParams },
      responses: answers(conflictDetailSchema, 'The question and the record'),
    }),
    async (c) => {
      const row = await existingConflict(dependencies, c.req.valid('param').id);
      return c.json({ conflict: conflictView(row), record: await recordOf(dependencies, row) }, 200);
    },
  );
  return router;
}

function listRoutes(router: Router, dependencies: ApiDependencies): void {
  const { readModel } = dependencies;
  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/conflicts',
      tags: ['conflicts'],
      summary: 'Questions, open ones unless said otherwise',
      request: { query: conflictQuerySchema },
      responses: answers(conflictPageSchema, 'A page of questions'),
    }),
    async (c) => {
      const query = c.req.valid('query');
      const filter = await filterOf(dependencies, query);
      const page = await readModel.conflicts(filter, { after: query.after ?? null, limit: query.limit });
      return c.json(pageView(page, conflictView), 200);
    },
  );

  router.openapi(
    securedRoute('viewer', {
      method: 'get',
      path: '/v1/conflicts/groups',
      tags: ['conflicts'],
      summary: 'Questions by shape, largest group first',
      request: { query: conflictQuerySchema },
      responses: answers(conflictGroupPageSchema, 'A page of groups'),
    }),
    async (c) => {
      const query = c.req.valid('query');
      const filter = await filterOf(dependencies, query);
      const page = await readModel.conflictGroups(filter, { after: query.after ?? null, limit: query.limit });
      return c.json(pageView(page, conflictGroupView), 200);
    },
  );
}

function decisionRoutes(router: Router, dependencies: ApiDependencies): void {
  const { engine } = dependencies;
  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/conflicts/{id}/decide',
      tags: ['conflicts'],
      summary: 'Decide one question, unless the record has moved on since it was shown (conflict.changed)',
      request: { params: idParams, body: body(decideRequestSchema) },
      responses: answers(decideAnswerSchema, 'The question as it ended'),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const { vv, choice, note } = c.req.valid('json');
      await existingConflict(dependencies, id);
      const by = c.get('principal').name;
      const decided = await engine.decide({ conflict: id, vv, choice: choiceOf(choice), by, note });
      return c.json({ conflict: conflictView(decided.conflict), deliveries: decided.deliveries }, 200);
    },
  );

  router.openapi(
    securedRoute('operator', {
      method: 'post',
      path: '/v1/conflicts/decide-alike',
      tags: ['conflicts'],
      summary: 'Decide every open question of a shape; with dryRun only count',
      request: { body: body(decideAlikeRequestSchema) },
      responses: answers(decideAlikeAnswerSchema, 'Counts, and a sample of the questions'),
    }),
    async (c) => {
      const { like, choice, dryRun, note } = c.req.valid('json');
      await existingConflict(dependencies, like);
      const by = c.get('principal').name;
      const decided = await engine.decideAlike({ like, choice: choiceOf(choice), by, note, dryRun });
      const answer = { ...decided, writes: { ...decided.writes }, sample: decided.sample.map(conflictView) };
      return c.json(answer, 200);
    },
  );
}

async function filterOf(
  dependencies: ApiDependencies,
  query: z.output<typeof conflictQuerySchema>,
): Promise<ConflictFilter> {
  return {
    pair: query.pair === undefined ? null : await existingPair(dependencies, query.pair),
    state: query.state === 'all' ? null : query.state,
    kind: query.kind ?? null,
    unit: query.unit === undefined ? null : unitName(query.unit),
    shape: query.shape ?? null,
  };
}

/** The choice with its names checked; whether it fits the question is for the engine to say. */
function choiceOf(choice: ChoiceInput): Choice {
  switch (choice.kind) {
    case 'keep':
      return { kind: 'keep', side: sideName(choice.side) };
    case 'link':
      return { kind: 'link', side: sideName(choice.side), key: recordKey(choice.key) };
    case 'value':
    case 'delete':
    case 'restore':
    case 'copy':
    case 'leave':
    case 'retry':
      return choice;
  }
}

/** The record a question is about; null when no side has it any more, or it has become part of another one since. */
async function recordOf(dependencies: ApiDependencies, conflict: ConflictRow): Promise<RecordView | null> {
  const { engine, store } = dependencies;
  const request = { after: entityId(conflict.entity - 1), limit: 1, standings: null };
  const [stored] = await store.entities(conflict.pair, request);
  if (stored?.id !== conflict.entity) return null;
  const there = Object.entries(unpack(stored.state).sides).find(
    ([, { presence }]) => presence === 'present' || presence === 'duplicate',
  );
  if (there === undefined) return null;
  const [side, { key }] = there;
  return recordView(await engine.explainRecord({ pair: conflict.pair, side: sideName(side), key }));
}

async function existingConflict(dependencies: ApiDependencies, id: number): Promise<ConflictRow> {
  const row = await dependencies.readModel.conflict(id);
  if (row !== null) return row;
  throw new ParleyError('conflict.not_found', `There is no question ${id}. Nothing was done.`, {
    hint: 'parley review list shows the open ones.',
  });
}
