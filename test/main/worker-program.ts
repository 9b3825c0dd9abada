import { readEnvironment } from '../../src/main/environment.js';
import { runWorker } from '../../src/main/worker.js';

// What `parley serve worker` does, for tests that end it in every possible way.
await runWorker(readEnvironment());
