/** Every text of the interface, in two languages; the sentences of the story come from `explain`. */
import { useMemo } from 'react';
import { useApp } from '../../state';
import type { Lang } from '../../state';
import { en } from './en';
import { format, type Values } from './format';
import { zh } from './zh';

export type TextKey = keyof typeof en;
export type Text = (key: TextKey, values?: Values) => string;

const texts: Readonly<Record<Lang, Text>> = {
  en: (key, values) => format(en[key], values),
  zh: (key, values) => format(zh[key], values),
};

export const useLang = (): Lang => useApp((state) => state.settings.lang);

/** `t('rows', { n: 3 })`: the text in the language chosen. The same function until the language changes. */
export function useText(): Text {
  return texts[useLang()];
}

interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** Picks the side of the language chosen. */
export function usePick(): (both: Bilingual) => string {
  const lang = useLang();
  return useMemo(() => (both: Bilingual) => both[lang], [lang]);
}
