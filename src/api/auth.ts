import { createHash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { ParleyError } from '../core/errors.js';
import type { Role } from '../engine/store.js';
import type { ApiDependencies, ApiEnv } from './environment.js';
import { createFailureLimit, type FailureLimit } from './failure-limit.js';

const rank: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, owner: 2 };

/** True when `role` may do what is asked of `needed`. */
export function may(role: Role, needed: Role): boolean {
  return rank[role] >= rank[needed];
}

export const failuresMax = 20;
export const failuresWindowMs = 60_000;

/** SHA-256 of a token, as it is stored. Tokens are 256 random bits, so a fast hash is enough: there is nothing to guess. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/**
 * Knows the caller by the bearer token, or refuses. The token is looked up by its hash: a caller controls neither the
 * stored text nor how much of it their hash shares, so the comparison's time tells nothing about any token.
 * Too many unknown tokens from one address are refused unread; a token that was good before still passes, so
 * that others behind the same address are not locked out.
 *
 * @throws ParleyError `auth.missing`, `auth.unknown_token`, `auth.too_many_failures`
 */
export function authenticate(
  dependencies: Pick<ApiDependencies, 'store' | 'nowMs' | 'log'>,
): MiddlewareHandler<ApiEnv> {
  const limit = createFailureLimit({ max: failuresMax, windowMs: failuresWindowMs, nowMs: dependencies.nowMs });
  return async (c, next) => {
    const token = bearerToken(c.req.header('authorization'));
    const hash = tokenHash(token);
    const address = addressOf(c);
    if (limit.exceeded(address, hash)) throw tooMany(c, limit, address);
    const row = await dependencies.store.tokenByHash(hash);
    if (row === null) {
      limit.failed(address);
      throw new ParleyError('auth.unknown_token', 'The token of this request is not known here. Nothing was done.', {
        hint: '`parley dev` prints the token of its own server; PARLEY_TOKEN must hold the one of this server.',
      });
    }
    limit.succeeded(hash);
    c.set('principal', { name: row.name, role: row.role });
    await next();
  };
}

function bearerToken(header: string | undefined): string {
  const token = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (token !== undefined) return token;
  throw new ParleyError('auth.missing', 'The request carries no bearer token. Nothing was done.', {
    hint: 'Send "Authorization: Bearer <token>"; `parley dev` prints the token of its server.',
  });
}

/** The peer's address. Headers that claim another one are not read: anybody can write them. */
function addressOf(c: Context<ApiEnv>): string {
  return c.env?.incoming?.socket?.remoteAddress ?? 'unknown';
}

function tooMany(c: Context<ApiEnv>, limit: FailureLimit, address: string): ParleyError {
  c.header('Retry-After', String(Math.ceil(limit.waitMs(address) / 1000)));
  return new ParleyError(
    'auth.too_many_failures',
    'Too many requests with unknown tokens came from this address. Nothing was done.',
    { hint: 'Wait a minute, then try again with the right token.' },
  );
}

/** Refuses callers whose role is too low. @throws ParleyError `auth.refused` */
export function requireRole(needed: Role): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { name, role } = c.get('principal');
    if (!may(role, needed)) {
      throw new ParleyError(
        'auth.refused',
        `This needs the role ${needed}; the token "${name}" has the role ${role}. Nothing was done.`,
        { hint: `Ask somebody with the role ${needed}, or use a token that has it.` },
      );
    }
    await next();
  };
}
