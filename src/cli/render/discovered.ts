import type { Discovered } from '../../contract/config/discovered.js';
import { paint, type Style } from './style.js';
import { table } from './table.js';
import { printable } from './text-width.js';
import { counted } from './value.js';

/** The fields of each object that was read. */
export function renderDiscovered(connections: readonly Discovered[], style: Style): string {
  return connections
    .flatMap(({ connection, objects }) => Object.values(objects).map((object) => ({ connection, object })))
    .map(({ connection, object }) => {
      const title = paint(style, 'bold', `${connection}/${printable(object.object)}`);
      const reads = object.reads === 'feed' ? 'changes' : 'full passes';
      const promise = `writes ${object.writeClass}, creates ${object.createClass}, read by ${reads}`;
      const rows = object.fields.map((field) => [
        printable(field.name),
        printable(field.type),
        object.key.includes(field.name) ? 'key' : '',
        field.writable ? '' : 'read only',
        field.nullable ? '' : 'never blank',
      ]);
      const columns = ['FIELD', 'TYPE', 'KEY', 'WRITES', 'BLANK'].map((head) => ({ head }));
      return `${title}   ${counted(object.fields.length, 'field')}, ${promise}\n${table(columns, rows, style)}`;
    })
    .join('\n\n');
}
