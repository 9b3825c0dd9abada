import type { Command } from 'commander';
import { performs, type Session } from '../perform.js';
import { counted } from '../render/value.js';

export function keysRotate(keys: Command, session: Session): void {
  const command = keys
    .command('rotate')
    .description('wrap every data key of the history with the first of PARLEY_WRAPPING_KEY (needs DATABASE_URL)');
  performs(command, session, 'keys-rotate', async (context) => {
    const rotated = await context.machinery.rotateKeys();
    return {
      data: rotated,
      text: `Wrapped ${counted(rotated.rewrapped, 'data key')} with the first key. No value was touched.`,
      next: 'Take the other keys out of PARLEY_WRAPPING_KEY of API and worker; keep them for backups of before.',
    };
  });
}
