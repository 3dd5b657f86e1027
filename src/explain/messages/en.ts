import { enNetfilter } from './en-netfilter';
import { enPrograms } from './en-programs';
import { enRows } from './en-rows';
import { enTcp } from './en-tcp';
import { enTerms } from './en-terms';
import { enTitles } from './en-titles';
import { enWhy } from './en-why';

/** Every text of the story in English; the notation is described in `format.ts`. */
export const en = {
  ...enTitles,
  ...enTerms,
  ...enWhy,
  ...enRows,
  ...enNetfilter,
  ...enPrograms,
  ...enTcp,
} as const;
