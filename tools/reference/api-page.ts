import { createApp } from '../../src/api/app.js';
import { openApiDocument } from '../../src/api/document.js';
import { markdownTable, page } from './markdown.js';

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
};
type Content = { readonly [type: string]: { readonly schema?: Schema } };
type Operation = {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly 'x-parley-role'?: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: { readonly [status: string]: { readonly description?: string; readonly content?: Content } };
};
type Document = {
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: Schema } };
};

/** Every address of the API and every shape, from the schemas that check requests and type answers. */
export function apiPage(): string {
  const app = createApp({ page: { style: '', script: '', html: '' } } as never);
  const document = openApiDocument(app, '0') as unknown as Document;
  return page([
    '# API: every address and shape',
    'A running server gives the same as an OpenAPI document at `/openapi.json`. ' +
      'Every address under `/v1` needs a bearer token; the role is the least that may use it. ' +
      'Errors are `application/problem+json` with a code of [the list](errors.md).',
    ...(document.tags ?? []).flatMap((tag) => tagSection(document, tag.name, tag.description ?? '')),
    '## Shapes',
    ...Object.entries(document.components.schemas)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, schema]) => [`### ${name}`, shapeOf(schema)]),
  ]);
}

function tagSection({ paths }: Document, tag: string, about: string): readonly string[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags = [] }]) => tags.includes(tag))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return [
    `## ${tag}`,
    `${about}.`,
    markdownTable(
      ['address', 'does', 'role', 'takes', 'answers'],
      operations.map(({ path, method, operation }) => [
        `\`${method} ${path}\``,
        operation.summary ?? '',
        operation['x-parley-role'] ?? '',
        takenBy(operation),
        answerOf(operation),
      ]),
    ),
  ];
}

function takenBy({ parameters = [], requestBody }: Operation): string {
  const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => `\`${name}\``);
  const body = requestBody === undefined ? [] : [typeOf(Object.values(requestBody.content)[0]?.schema)];
  return [...query, ...body].join(', ');
}

function answerOf({ responses }: Operation): string {
  const content = responses['200']?.content ?? {};
  return Object.values(content)
    .map(({ schema }) => typeOf(schema))
    .join(', ');
}

function shapeOf(schema: Schema): string {
  const about = schema.description === undefined ? '' : `${schema.description}.`;
  const { properties, required = [] } = schema;
  if (properties === undefined) return [typeOf(schema), about].filter((part) => part !== '').join('. ');
  const rows = Object.entries(properties).map(([name, property]) => [
    `\`${name}\`${required.includes(name) ? '' : ' (may be absent)'}`,
    typeOf(property),
    property.description ?? '',
  ]);
  return [about, markdownTable(['field', 'type', 'meaning'], rows)].filter((part) => part !== '').join('\n\n');
}

/** A type in a few words; a shape with a name is a link to it. */
function typeOf(schema: Schema | undefined): string {
  if (schema === undefined) return '';
  const { $ref, items, additionalProperties } = schema;
  if ($ref !== undefined) return linkTo($ref.slice($ref.lastIndexOf('/') + 1));
  const parts = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (parts !== undefined) return [...new Set(parts.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).map(([name, property]) => `\`${name}\` ${typeOf(property)}`);
    return `{ ${fields.join(', ')} }`;
  }
  if (typeof additionalProperties === 'object') return `map of ${typeOf(additionalProperties)}`;
  return [schema.type ?? 'any'].flat().join(' or ');
}

const linkTo = (name: string): string => `[${name}](#${name.toLowerCase()})`;
