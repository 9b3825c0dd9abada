import { parseArgs } from 'node:util';
import { firstContact } from './first-contact.js';
import { memory } from './memory.js';
import { orchestration } from './orchestration.js';
import { isKept, measure, type Measurement, printReport, saveResult } from './report.js';
import { recordList } from './record-list.js';
import { twoWay } from './two-way.js';

const measurements: readonly Measurement[] = [twoWay, firstContact, memory, orchestration, recordList];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, save: { type: 'boolean' }, costs: { type: 'boolean' } },
});
const [name, ...args] = positionals;
const chosen = measurements.find((measurement) => measurement.name === name);

if (chosen === undefined) {
  console.log('npm run bench -- NAME [--json] [--save] [--costs]');
  for (const measurement of measurements) console.log(`  ${measurement.name.padEnd(16)} ${measurement.about}`);
  process.exitCode = name === undefined ? 0 : 2;
} else {
  const say = values.json === true ? () => undefined : (text: string) => console.error(`... ${text}`);
  const report = await measure(chosen, args, say);
  if (values.json === true) console.log(JSON.stringify(report, null, 2));
  else printReport(report);
  if (values.costs === true) console.table(report.costs);
  if (values.save === true) console.error(`saved as ${await saveResult(report)}`);
  process.exitCode = report.figures.every(isKept) ? 0 : 1;
}
