import { beforeAll, describe, expect, test } from 'vitest';
import { sampleHub } from './sample-hub.js';

type Parameter = { readonly in: string; readonly name: string; readonly required?: boolean };
type Operation = {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: object }>>;
};
type Document = {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object; readonly securitySchemes: object };
};

let document: Document;
let operations: readonly (readonly [route: string, path: string, operation: Operation])[];

beforeAll(async () => {
  document = (await (await sampleHub().ask('GET', '/openapi.json', { role: null })).json()) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, path, operation] as const),
  );
});

describe('the OpenAPI document', () => {
  test('is of version 3.1 and names the way to log in', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.components.securitySchemes).toEqual({ bearer: { type: 'http', scheme: 'bearer' } });
    expect(operations.length).toBeGreaterThanOrEqual(30);
  });

  test('refers to nothing that it does not hold', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    const missing = references
      .map((match) => match[1] ?? '')
      .filter((name) => !Object.hasOwn(document.components.schemas, name));
    expect(references.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  test('declares every part of every path, once and as required', () => {
    for (const [route, path, { parameters = [] }] of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      const expected = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
      expect({ route, names: inPath.map(({ name }) => name).sort() }).toEqual({ route, names: expected.sort() });
      expect(inPath.every(({ required }) => required === true)).toBe(true);
    }
  });

  test('says of every route what it is for, and of every answer what it holds', () => {
    const tags = document.tags.map(({ name }) => name);
    for (const [route, , { summary, tags: own = [], responses }] of operations) {
      expect({ route, summary, known: own.length === 1 && tags.includes(own[0] ?? '') }).toEqual({
        route,
        summary: expect.stringMatching(/^[A-Z]/),
        known: true,
      });
      expect({ route, statuses: Object.keys(responses) }).toEqual({
        route,
        statuses: expect.arrayContaining(['200', 'default']),
      });
      for (const response of Object.values(responses)) {
        expect(response).toEqual({ description: expect.any(String), content: expect.any(Object) });
      }
    }
  });

  test('has one schema for everything that more than one route speaks of', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Pair', 'Plan', 'Run', 'Record', 'Conflict', 'Choice', 'LedgerEntry', 'Problem']),
    );
  });
});
