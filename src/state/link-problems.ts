/** What can be wrong with a link, in both languages. Each names the field as the link writes it. */
import type { Bilingual, LinkProblem } from './types';

type Values = Readonly<Record<string, string | number>>;

const TEXTS = {
  'too-long': {
    en: 'The link is {length} characters long; at most {most} are read. Nothing of it was used.',
    zh: '链接长 {length} 个字符，最多读取 {most} 个。链接未被使用。',
  },
  'does-not-fit': {
    en: 'This run does not fit in a link ({length} characters of at most {most}). Save the scenario as a file instead.',
    zh: '此次运行无法放入链接（{length} 个字符，最多 {most} 个）。请改为将场景另存为文件。',
  },
  'version-unreadable': {
    en: 'The version “{text}” is not a number; the link was read as version {current}.',
    zh: '版本“{text}”不是数字；已按版本 {current} 读取链接。',
  },
  'version-newer': {
    en: 'The link was made by a newer Framewalk (version {version}, this one reads up to {current}). What could be understood was used.',
    zh: '链接由更新的 Framewalk 生成（版本 {version}，当前最多支持 {current}）。已使用能够识别的部分。',
  },
  'unknown-field': {
    en: 'There is no field “{text}” in a link; it was left out.',
    zh: '链接中没有“{text}”这个字段，已忽略。',
  },
  'repeated-field': {
    en: 'The field is there more than once; the first one counts.',
    zh: '该字段出现多次，以第一个为准。',
  },
  'bad-escape': {
    en: 'The text has broken % escapes; it was left out.',
    zh: '文本中的 % 转义有误，已忽略。',
  },
  'not-a-scenario': {
    en: '“{text}” is not the id of a scenario (letters, digits and dashes); it was left out.',
    zh: '“{text}”不是场景 id（字母、数字和连字符），已忽略。',
  },
  'unknown-scenario': {
    en: 'There is no scenario “{text}” in the catalogue.',
    zh: '目录中没有场景“{text}”。',
  },
  'two-scenarios': {
    en: 'The link names a scenario of the catalogue and carries one of its own; its own was used.',
    zh: '链接既指定了目录场景又自带场景；已使用自带的场景。',
  },
  'no-scenario': {
    en: 'The link names no scenario.',
    zh: '链接没有指定场景。',
  },
  'damaged-data': {
    en: 'The scenario inside the link is damaged (it was probably cut off when copied).',
    zh: '链接中的场景数据已损坏（可能在复制时被截断）。',
  },
  'data-too-large': {
    en: 'The scenario inside the link unpacks to more than {most} bytes; it was not opened.',
    zh: '链接中的场景解压后超过 {most} 字节，未打开。',
  },
  'journal-too-long': {
    en: 'The journal has {count} entries; only the first {most} were used.',
    zh: '日志有 {count} 条，仅使用前 {most} 条。',
  },
  'bad-entry': {
    en: 'Entry {entry} is not “NAMESPACE:COMMAND”; it was left out.',
    zh: '第 {entry} 条不是“命名空间:命令”的形式，已忽略。',
  },
  'bad-time': {
    en: 'The time of entry {entry} is not a number of seconds from 0 to {most}; the entry was left out.',
    zh: '第 {entry} 条的时间不是 0 到 {most} 之间的秒数，该条已忽略。',
  },
  'command-too-long': {
    en: 'The command of entry {entry} is {length} characters long, at most {most} are allowed; it was left out.',
    zh: '第 {entry} 条命令长 {length} 个字符，最多允许 {most} 个，已忽略。',
  },
  'bad-cursor': {
    en: '“{text}” is not a moment (as 2.15: event 15 of command 2); the link opens at the beginning.',
    zh: '“{text}”不是有效的时刻（例如 2.15 表示第 2 条命令的第 15 个事件）；将从头打开。',
  },
  'cursor-clamped': {
    en: 'The moment “{text}” lies beyond this run; the nearest one was used.',
    zh: '时刻“{text}”超出本次运行，已使用最近的时刻。',
  },
  'bad-name': {
    en: '“{text}” cannot be a name; it was left out.',
    zh: '“{text}”不能作为名称，已忽略。',
  },
  'unknown-netns': {
    en: 'There is no namespace “{text}” here; none was selected.',
    zh: '此处没有命名空间“{text}”，未选中任何命名空间。',
  },
  'unknown-device': {
    en: 'There is no device “{text}” in “{netns}” at this moment; none was selected.',
    zh: '此刻“{netns}”中没有设备“{text}”，未选中任何设备。',
  },
  'bad-number': {
    en: '“{text}” is not a whole number from {least} to {most}; it was left out.',
    zh: '“{text}”不是 {least} 到 {most} 之间的整数，已忽略。',
  },
  'unknown-panel': {
    en: 'There is no panel “{text}”; the usual one was opened.',
    zh: '没有面板“{text}”，已打开默认面板。',
  },
  'unknown-language': {
    en: 'There is no language “{text}” (en or zh).',
    zh: '没有语言“{text}”（en 或 zh）。',
  },
} as const satisfies Record<string, Bilingual>;

export type LinkProblemId = keyof typeof TEXTS;

/** Longest piece of a link that is shown back. */
const SHOWN = 40;
const shorten = (text: string) => {
  const clean = text.replace(/[\p{C}]/gu, '\uFFFD');
  return clean.length <= SHOWN ? clean : `${clean.slice(0, SHOWN)}…`;
};

export function linkProblem(field: string, id: LinkProblemId, values: Values = {}): LinkProblem {
  const shown = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? shorten(value) : value]),
  );
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => String(shown[name] ?? ''));
  return {
    field: shorten(field),
    id,
    values: shown,
    message: { en: fill(TEXTS[id].en), zh: fill(TEXTS[id].zh) },
  };
}
