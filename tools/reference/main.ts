import { writeFile } from 'node:fs/promises';
import { referencePages } from './pages.js';

for (const { path, text } of referencePages()) {
  await writeFile(path, text);
  console.log(path);
}
