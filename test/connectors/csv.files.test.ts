import { connectorConformance } from './conformance.js';
import { csvHarness } from './csv-world.js';

connectorConformance('csv', csvHarness);
