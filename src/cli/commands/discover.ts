import type { Command } from 'commander';
import { discoverObjects, saveDiscovered, usedObjects } from '../discovery.js';
import { performs, type Session } from '../perform.js';
import { renderDiscovered } from '../render/discovered.js';

export function discover(program: Command, session: Session): void {
  const command = program
    .command('discover')
    .description('read which fields the systems have, for check and for editors; writes nothing to them')
    .argument('[connection]', 'only this connection');
  performs(command, session, 'discover', async ({ machinery, folder, output, terminal }, [connection]) => {
    const objects = await usedObjects(folder, connection);
    const connections = await discoverObjects(objects, machinery, { folder, nowMs: terminal.nowMs() });
    const written = await saveDiscovered(folder, connections);
    return {
      data: { written, connections },
      text: renderDiscovered(connections, output.style),
      next: 'parley check',
    };
  });
}
