import { apiPage } from './api-page.js';
import { commandPage } from './command-page.js';
import { errorPage } from './error-page.js';

/** A page of docs/reference as it must be: made from what the program itself is made of. */
export type ReferencePage = { readonly path: string; readonly text: string };

export function referencePages(): readonly ReferencePage[] {
  return [
    { path: 'docs/reference/command-line.md', text: commandPage() },
    { path: 'docs/reference/api.md', text: apiPage() },
    { path: 'docs/reference/errors.md', text: errorPage() },
  ];
}
