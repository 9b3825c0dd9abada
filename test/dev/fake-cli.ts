/**
 * Text of a script in the place of the command line: `serve api` answers as the API does and says which variables
 * it got, `serve worker` beats in a file that the API looks for. What is tried is the stack around them.
 */
export const fakeCli = `
import { createServer } from 'node:http';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const part = process.argv[3];
const beat = join(process.env.PARLEY_HOME, 'beat');
console.log('up', part, process.pid);
process.on('SIGTERM', () => { console.log('down', part, Date.now()); process.exit(0); });
if (part === 'worker') {
  writeFileSync(beat, '');
  process.on('exit', () => rmSync(beat, { force: true }));
  setInterval(() => {}, 1000);
} else {
  const send = (response, body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  createServer((request, response) => {
    if (request.url === '/health') return send(response, { status: 'ok', version: '0.0.0' });
    if (request.url === '/environment') return send(response, process.env);
    const ok = existsSync(beat);
    const checks = ['store', 'runner', 'workers'].map((name) => ({ name, ok: name !== 'workers' || ok, code: null, detail: name }));
    send(response, { ready: ok, checks });
  }).listen(Number(process.env.PARLEY_PORT), process.env.PARLEY_HOST);
}
`;
