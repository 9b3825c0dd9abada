import { ParleyError } from '../../core/errors.js';
import type { Page, PageRequest } from '../../engine/read-model.js';

/** A place in a list: the values of its order's columns, at the last row of a page. */
export type Place = readonly (string | number)[];

/** Opaque to callers, safe in a URL. */
function placeText(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place after which a page begins; null for the first. @throws ParleyError `request.invalid` */
export function placeAfter<Where extends Place>(request: PageRequest, like: Where): Where | null {
  if (request.after === null) return null;
  try {
    const place = JSON.parse(Buffer.from(request.after, 'base64url').toString()) as unknown;
    const fits =
      Array.isArray(place) &&
      place.length === like.length &&
      place.every((value, index) => typeof value === typeof like[index]);
    if (fits) return place as unknown as Where;
  } catch {
    // Falls through to the error below: the text was no place at all.
  }
  throw new ParleyError('request.invalid', 'The place to go on from is not one that an earlier page gave.', {
    hint: 'Leave `after` out to begin with the first page.',
  });
}

/** Makes a page of rows that were asked for with one more than the limit. */
export function pageOf<Raw, Row>(
  raws: readonly Raw[],
  request: PageRequest,
  shape: { readonly row: (raw: Raw) => Row; readonly place: (raw: Raw) => Place },
): Page<Row> {
  const shown = raws.slice(0, request.limit);
  const last = shown.at(-1);
  const next = raws.length > request.limit && last !== undefined ? placeText(shape.place(last)) : null;
  return { rows: shown.map(shape.row), next };
}
