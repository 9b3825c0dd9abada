/** The page at the address of the API: what is here, which commands there are, and whether the server is ready. */

const style = `
:root { color-scheme: light dark; --text: #1c2126; --muted: #59636e; --line: #8c959f; --panel: #f6f8fa; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --muted: #9da7b1; --line: #6e7781; --panel: #161b22; --page: #0d1117; }
}
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .muted { color: var(--muted); }
ul { list-style: none; margin: 0; padding: 0; }
#checks li { border-left: 4px solid var(--line); background: var(--panel); margin: .4rem 0; padding: .4rem .8rem; }
table { border-collapse: collapse; width: 100%; }
td { border-bottom: 1px solid var(--line); padding: .35rem .5rem .35rem 0; vertical-align: top; }
code { font: .9em ui-monospace, monospace; white-space: nowrap; }
a { color: inherit; }
`;

const script = `
const checks = document.getElementById('checks');
const summary = document.getElementById('summary');
function line(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}
async function show() {
  try {
    const answer = await (await fetch('/ready')).json();
    summary.textContent = answer.ready ? 'Ready.' : 'Not ready.';
    checks.replaceChildren(...answer.checks.map((check) =>
      line((check.ok ? 'OK: ' : 'Missing: ') + check.name + '. ' + check.detail)));
  } catch {
    summary.textContent = 'The server does not answer any more. Nothing is lost: what it knows is in Postgres.';
    checks.replaceChildren();
  }
  setTimeout(show, 5000);
}
show();
`;

const commands: readonly (readonly [command: string, meaning: string])[] = [
  ['parley status', 'every pair in one line: state, agreement, what waits'],
  ['parley plan &lt;pair&gt;', 'what would be written, before anything is'],
  ['parley apply &lt;plan&gt;', 'approve a plan and watch it'],
  ['parley watch &lt;pair&gt;', 'what happens, as it happens'],
  ['parley review', 'the questions that wait for a person'],
  ['parley record show &lt;side&gt;:&lt;key&gt;', 'one record on all sides, and why it is as it is'],
  ['parley hold &lt;pair&gt;', 'stop all writes; reads go on'],
  ['parley doctor', 'what is missing, and how to fix it'],
];

const rows = commands
  .map(([command, meaning]) => `<tr><td><code>${command}</code></td><td>${meaning}</td></tr>`)
  .join('\n');

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Parley</h1>
<p>Keeps records in agreement across business systems, in both directions, and can prove what it did.</p>
<h2>This server</h2>
<p id="summary" role="status">Asking whether it is ready&hellip;</p>
<ul id="checks"></ul>
<h2>Commands</h2>
<table>
${rows}
</table>
<h2>For programs</h2>
<p><a href="/openapi.json">/openapi.json</a> describes every address. All under <code>/v1</code> need a bearer token.</p>
<p class="muted">Decisions are made on the command line for now; this address will show the review queue.</p>
</main>
<script>${script}</script>
</body>
</html>
`;

export const consolePage = { html, style, script };
