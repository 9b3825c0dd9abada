import { expect, test } from 'vitest';
import { WatchScreen } from '../../src/cli/watch-screen.js';
import { served } from './screen.js';

function opened() {
  const seen: string[] = [];
  const screen = new WatchScreen({
    print: (line) => void seen.push(line),
    repaint: () => undefined,
    quit: () => void seen.push('QUIT'),
  });
  return { seen, screen };
}

test('the space bar makes the screen stand still, and what came meanwhile follows in order', () => {
  const { seen, screen } = opened();
  screen.take('one');
  screen.press(' ');
  screen.take('two');
  screen.take('three');
  expect(seen).toEqual(['one']);
  expect(screen.line()).toContain('stands still, 2 new');
  screen.press(' ');
  expect(seen).toEqual(['one', 'two', 'three']);
});

test('a screen that stands still for long keeps the newest lines and counts the others', () => {
  const { seen, screen } = opened();
  screen.press(' ');
  for (let line = 1; line <= 5_002; line += 1) screen.take(String(line));
  screen.press(' ');
  expect(seen.slice(0, 2)).toEqual(['... 2 earlier changes: parley ledger list', '3']);
  expect(seen).toHaveLength(5_001);
});

test('a filter is typed, corrected, confirmed and taken away; its letters are no commands', () => {
  const { seen, screen } = opened();
  screen.press('/');
  screen.press('AcQ');
  screen.press('\u007f');
  expect(screen.line()).toMatch(/^\/Ac /);
  screen.press('\r');
  screen.take('acme');
  screen.take('birch');
  expect(screen.line()).toContain('only "Ac"');
  screen.press('\u001b[A');
  screen.press('\u001b');
  screen.take('cedar');
  expect(seen).toEqual(['acme', 'cedar']);
});

test('a filter that is left with Esc while it is typed changes nothing', () => {
  const { seen, screen } = opened();
  for (const keys of ['/', 'q', '\u001b']) screen.press(keys);
  screen.take('acme');
  expect(seen).toEqual(['acme']);
});

test('q ends watching on a terminal, says that the pair goes on, and is no failure', async () => {
  const ran = await (await served()).with({
    words: ['watch', '--since', '0'],
    columns: 120,
    keys: { after: 'q quit', press: ['q'] },
  });
  expect(ran.exit).toBe(0);
  expect(ran.err).toContain('space stand still');
  expect(ran.err).toContain('Stopped watching. suppliers goes on: parley status suppliers');
});
