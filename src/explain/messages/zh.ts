import type { en } from './en';
import { zhNetfilter } from './zh-netfilter';
import { zhPrograms } from './zh-programs';
import { zhRows } from './zh-rows';
import { zhTcp } from './zh-tcp';
import { zhTerms } from './zh-terms';
import { zhTitles } from './zh-titles';
import { zhWhy } from './zh-why';

/** The same texts in Simplified Chinese; a missing or an extra one does not compile. */
export const zh: Readonly<Record<keyof typeof en, string>> = {
  ...zhTitles,
  ...zhTerms,
  ...zhWhy,
  ...zhRows,
  ...zhNetfilter,
  ...zhPrograms,
  ...zhTcp,
};
