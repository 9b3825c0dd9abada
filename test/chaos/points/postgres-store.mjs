import * as original from '../../../dist/src/db/postgres-store.js';
import { at } from './at.mjs';

export * from '../../../dist/src/db/postgres-store.js';

export async function openStore(...args) {
  const store = await original.openStore(...args);
  return {
    ...store,
    async transact(pair, work) {
      const verbs = [];
      const result = await store.transact(pair, (transaction) =>
        work({
          ...transaction,
          async commit(changes) {
            const verb = verbOf(changes);
            verbs.push(verb);
            at(`${verb}.before_statements`);
            await transaction.commit(changes);
            at(`${verb}.before_commit`);
          },
        }),
      );
      for (const verb of verbs) at(`${verb}.committed`);
      return result;
    },
  };
}

/** A claim marks a delivery as sent; an acknowledgement carries what came of it. */
function verbOf({ deliveryStates = [] }) {
  if (deliveryStates.some(({ outcome }) => outcome !== undefined)) return 'acknowledge';
  return deliveryStates.some(({ state }) => state === 'sent') ? 'claim' : 'page';
}
