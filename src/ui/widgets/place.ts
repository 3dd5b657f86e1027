import type { Lang } from '../../state';

/** Words that stand for a place as a whole, and parts of places; JSON paths are the same in every language. */
const WORDS: readonly (readonly [english: RegExp, chinese: string])[] = [
  [/^script, /, '脚本，'],
  [/\bline (\d+)\b/, '第 $1 行'],
  [/^\(top level\)$/, '（最外层）'],
  [/^simulation$/, '模拟'],
  [/^story$/, '过程'],
  [/^journal$/, '命令记录'],
  [/^file$/, '文件'],
];

/** Where something is wrong, as it is shown: `line 7` is 第 7 行 in Chinese. */
export function placeText(place: string, lang: Lang): string {
  if (lang === 'en') return place;
  return WORDS.reduce((text, [english, chinese]) => text.replace(english, chinese), place);
}
