import type { Arena, Site } from '../arena.js';
import { holds, isAsked, type Outcome, outcomeOf } from '../comparison.js';
import { Journal } from '../journal.js';
import { ids, judge, type Probe } from '../probe.js';

type Case = {
  readonly deletes: Site;
  readonly edits: Site;
  readonly first: 'delete' | 'edit';
  readonly ids: readonly string[];
};
const cases: readonly Case[] = [
  { deletes: 'a', edits: 'b', first: 'delete', ids: ids(1, 2) },
  { deletes: 'a', edits: 'b', first: 'edit', ids: ids(3, 4) },
  { deletes: 'b', edits: 'a', first: 'delete', ids: ids(5, 6) },
  { deletes: 'b', edits: 'a', first: 'edit', ids: ids(7, 8) },
];
const newName = (id: string): string => `edited ${id}`;

/**
 * Done: while nothing is carried across, one side deletes a record that the other edits; both ways round, the delete first
 * and the edit first. Deletes are to be followed.
 * Must hold, for each record: it is alive on both sides with the edit; or it is asked about and the edited row still
 * stands where it was edited; or, only when the delete came after the edit, it is gone on both sides and the
 * product's records still show the edited value.
 * Why: neither writer had seen the other. A delete that silently beats a newer edit loses it; an edit that silently
 * revives only half a row invents one (peers §5, semantics §2.4).
 */
export const deleteAgainstEdit: Probe = {
  name: 'delete-against-edit',
  claim: 'a delete and an edit that had not seen each other: no edit vanishes in silence',
  setup: { rows: 1_500, rules: { name: 'newest', phone: 'newest' }, deletes: 'follow' },
  async run(arena) {
    const journal = new Journal(arena);
    const act = async (turn: 'delete' | 'edit'): Promise<void> => {
      for (const { deletes, edits, first, ids: chosen } of cases) {
        if (first === turn) await (deletes === 'a' ? arena.a : arena.b).remove(chosen);
        else await journal.edit(edits, chosen, 'name', newName);
      }
    };
    await arena.part();
    await act('delete');
    await arena.pause();
    await act('edit');
    await arena.pause();
    await arena.rejoin();
    const outcome = await outcomeOf(arena);
    const bad: string[] = [];
    const counts = { merged: 0, asked: 0, traced: 0 };
    for (const one of cases) {
      for (const id of one.ids) {
        const came = await fate(arena, outcome, one, id);
        if (came === 'lost')
          bad.push(`${one.first === 'delete' ? 'older' : 'newer'} delete on ${one.deletes.toUpperCase()}`);
        else counts[came] += 1;
      }
    }
    return judge(
      `of 8 records ${counts.merged} live with the edit, ${counts.asked} are asked, ${counts.traced} are gone with a trace`,
      [[bad.length === 0, `${bad.length} of 8 edits are gone without a word (${[...new Set(bad)].join(', ')})`]],
      { ...counts, lost: bad.length },
    );
  },
};

async function fate(
  arena: Arena,
  outcome: Outcome,
  { edits, first }: Case,
  id: string,
): Promise<'merged' | 'asked' | 'traced' | 'lost'> {
  if (holds(outcome, id, 'name', newName(id))) return 'merged';
  const edited = (edits === 'a' ? outcome.a : outcome.b).get(id);
  if (isAsked(outcome.questions, { id, field: null }) && edited?.name === newName(id)) return 'asked';
  const isGone = !outcome.a.has(id) && !outcome.b.has(id);
  if (isGone && first === 'edit') {
    const traces = await arena.traces(id, 'name');
    if (traces.some(({ value }) => value === newName(id))) return 'traced';
  }
  return 'lost';
}
