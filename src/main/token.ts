import { createHash, randomBytes } from 'node:crypto';
import { openStore } from '../db/postgres-store.js';
import type { Role } from '../engine/store.js';
import { type Environment, requireDatabase } from './environment.js';

/** Makes a bearer token of 256 random bits for the API and keeps only its hash. Returns the token: nobody can again. */
export async function addToken(environment: Environment, wish: { name: string; role: Role }): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const store = await openStore({ url: requireDatabase(environment), connectionsMax: 1 });
  try {
    await store.ping();
    await store.saveToken({ hash: createHash('sha256').update(token).digest('hex'), name: wish.name, role: wish.role });
    return token;
  } finally {
    await store.close();
  }
}
