import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import { eventMediaType } from '../contract/api/events.js';
import { problemMediaType, problemSchema } from '../contract/api/problem.js';
import type { Role } from '../engine/store.js';
import { requireRole } from './auth.js';
import type { ApiEnv } from './environment.js';
import { invalidRequest, sendProblem } from './problem.js';

export type Router = OpenAPIHono<ApiEnv>;

/** A router whose validation errors are problems like all others. */
export function createRouter(): Router {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      return sendProblem(c, invalidRequest(result.error, result.target, c.get('requestId')));
    },
  });
}

const problemContent = { [problemMediaType]: { schema: problemSchema } };

type Described = Omit<RouteConfig, 'security' | 'middleware'>;

/**
 * A route behind the token. The role is part of the definition, so that a route cannot be written without one;
 * it is checked before the request is validated, and the document shows it.
 */
export function securedRoute<const Config extends Described>(role: Role, config: Config) {
  const complete = {
    ...config,
    security: [{ bearer: [] }],
    'x-parley-role': role,
    middleware: [requireRole(role)],
    responses: {
      ...config.responses,
      401: { description: 'No token, or an unknown one', content: problemContent },
      403: { description: `The token's role is below ${role}`, content: problemContent },
      default: { description: 'What went wrong, with a stable code', content: problemContent },
    },
  };
  return createRoute(complete as unknown as Config & { middleware: ReturnType<typeof requireRole>[] });
}

/** A route that anybody may ask; it tells nothing about records. */
export function openRoute<const Config extends Described>(config: Config) {
  const complete = {
    ...config,
    security: [],
    responses: { ...config.responses, default: { description: 'What went wrong', content: problemContent } },
  };
  return createRoute(complete as unknown as Config);
}

/** The one good answer of a route, as JSON. */
export function answers<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { 200: { description, content: { 'application/json': { schema } } } };
}

/** A good answer that goes on for a while: one JSON object a line. */
export function streams(schema: z.ZodType, description: string) {
  const content: Record<string, { schema: z.ZodType }> = { [eventMediaType]: { schema } };
  return { 200: { description, content } };
}

/** A request body that must be there, as JSON. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } };
}

export const idParams = z.object({ id: z.coerce.number().int().positive() });
