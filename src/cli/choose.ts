import type { ChoiceInput, ConflictView } from '../contract/api/conflicts.js';
import { ParleyError } from '../core/errors.js';
import type { Context } from './context.js';
import { plainValue } from './render/value.js';

type Offer = { readonly label: string; readonly choice: ChoiceInput };

/** The answers that a question understands and that need nothing to be typed. */
export function offersOf({ kind, unit, sides }: ConflictView): readonly Offer[] {
  switch (kind) {
    case 'clash':
    case 'invariant':
      return Object.entries(sides).map(([side, { value }]) => ({
        label: `keep ${side}: ${plainValue(value)}`,
        choice: { kind: 'keep', side },
      }));
    case 'proposal':
      return [
        ...Object.entries(sides).map(([side, { value }]) => ({
          label: `grant ${side}: ${plainValue(value)}`,
          choice: { kind: 'keep', side } as const,
        })),
        { label: 'put the agreed value back', choice: { kind: 'restore' } },
        { label: 'leave it until the value next changes', choice: { kind: 'leave' } },
      ];
    case 'undo':
      return [
        unit === null
          ? { label: 'delete the record there', choice: { kind: 'delete' } }
          : { label: 'restore what it was before', choice: { kind: 'restore' } },
        { label: 'leave it as it is', choice: { kind: 'leave' } },
      ];
    case 'delete':
      return [
        { label: 'delete it everywhere', choice: { kind: 'delete' } },
        { label: 'bring it back where it was deleted', choice: { kind: 'restore' } },
        { label: 'leave it as it is', choice: { kind: 'leave' } },
      ];
    case 'create':
    case 'match':
      return [
        { label: 'copy it to the side that lacks it', choice: { kind: 'copy' } },
        { label: 'leave it where it is', choice: { kind: 'leave' } },
      ];
    case 'tripped':
    case 'parked':
      return [
        { label: 'write it again', choice: { kind: 'retry' } },
        { label: 'let the sides keep what they have', choice: { kind: 'leave' } },
      ];
    case 'duplicate':
      return [
        { label: 'delete the record that stands beside the other', choice: { kind: 'delete' } },
        { label: 'leave it; it is written no more', choice: { kind: 'leave' } },
      ];
    case 'refused':
      return [
        { label: 'try the write once more', choice: { kind: 'retry' } },
        { label: 'let the side keep what it has', choice: { kind: 'leave' } },
      ];
  }
}

/** Shows the question on the terminal and asks. @throws ParleyError `conflict.bad_choice` when nothing was chosen */
export async function choose(context: Context, conflict: ConflictView, text: string): Promise<ChoiceInput> {
  context.output.note(text);
  const offers = offersOf(conflict);
  const { select, isCancel } = await import('@clack/prompts');
  const picked = await select({
    message: 'What is right?',
    options: offers.map(({ label }, at) => ({ value: at, label })),
  });
  const offer = isCancel(picked) ? undefined : offers[picked];
  if (offer !== undefined) return offer.choice;
  throw new ParleyError('conflict.bad_choice', `CF-${conflict.id} was not answered. Nothing was decided.`, {
    hint: `parley review show CF-${conflict.id}`,
  });
}
