/** Every exported function is a workflow type; nothing else may stand here. */
export { healPairs } from './heal-pairs.js';
export { syncPair } from './sync-pair.js';
