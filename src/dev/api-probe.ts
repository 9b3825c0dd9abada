import { healthSchema, type ReadinessView, readinessSchema } from '../contract/api/server.js';

const answerMs = 5_000;

/** The version of the API that answers at the address; undefined when none does. */
export async function apiVersion(url: string): Promise<string | undefined> {
  const answer = await ask(`${url}/health`);
  return healthSchema.safeParse(answer).data?.version;
}

/** What the API says about itself and what it needs; undefined when it does not answer. */
export async function apiReadiness(url: string): Promise<ReadinessView | undefined> {
  return readinessSchema.safeParse(await ask(`${url}/ready`)).data;
}

async function ask(address: string): Promise<unknown> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(answerMs) });
    return await answer.json();
  } catch {
    return undefined;
  }
}
