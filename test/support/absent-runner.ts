import type { Runner } from '../../src/engine/ports.js';

/** No workflow: the test itself asks for each step. */
export const absentRunner: Runner = {
  ensure: () => Promise.resolve(),
  poke: () => Promise.resolve(),
  runNow: () => Promise.reject(new Error('no workflow in this test')),
  setMode: () => Promise.reject(new Error('no workflow in this test')),
  ping: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
