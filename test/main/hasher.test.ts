import { expect, test } from 'vitest';
import { hasher } from '../../src/main/hasher.js';

test('the hash is SHA-256 over UTF-8', () => {
  expect(hasher.sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(hasher.sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('a node hashes the prefix byte and the bytes, not the letters, of its children', () => {
  expect(hasher.sha256Node(0x61, '6263')).toBe(hasher.sha256('abc'));
  expect(hasher.sha256Node(0x61, '62', '63')).toBe(hasher.sha256('abc'));
});

test('nonces are 128 bits and do not repeat', () => {
  const nonces = new Set(Array.from({ length: 1_000 }, () => hasher.nonce()));
  expect(nonces.size).toBe(1_000);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
});
