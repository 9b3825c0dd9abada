import { join } from 'node:path';
import { checkArrows } from './check.js';
import { readModules } from './modules.js';
import { rules } from './rules.js';

const root = join(import.meta.dirname, '..', '..');
const report = checkArrows(readModules(root, ['src', 'workflows', 'activities', 'test', 'bench', 'tools']), rules);
for (const problem of report.problems) console.error(problem);
console.log(`arrows: ${report.modules} modules, ${report.edges} edges, ${report.problems.length} problems`);
if (report.problems.length > 0) process.exitCode = 1;
