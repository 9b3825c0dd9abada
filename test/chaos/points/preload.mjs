// Given to the processes of the product with --import: puts our wrappers in place of two modules of dist, so that a
// process can be ended at a named point. The product knows nothing of it.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
