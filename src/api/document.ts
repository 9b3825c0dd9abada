import type { Router } from './router.js';

const about = `Keeps records in agreement across business systems. Every address under /v1 needs a bearer token; \`x-parley-role\`
names the least role that may use it. Errors are application/problem+json with a stable \`code\`. Times are ISO 8601
with Z, version vectors are text such as \`crm#1:3 erp#1:1\`, lists are paged by \`after\` and \`next\`.`;

/** The OpenAPI 3.1 document, from the same schemas that check requests and type answers. */
export function openApiDocument(app: Router, version: string) {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Parley', version, description: about, license: { name: 'Apache-2.0' } },
    tags: [
      { name: 'pairs', description: 'Systems kept in agreement' },
      { name: 'plans', description: 'What would be written, before it is' },
      { name: 'runs', description: 'What was done, with counts' },
      { name: 'records', description: 'One record on all sides, and why it is as it is' },
      { name: 'conflicts', description: 'Questions for a person' },
      { name: 'ledger', description: 'The history and its proof' },
      { name: 'server', description: 'The server itself' },
    ],
  });
}
