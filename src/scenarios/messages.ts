/** What the schema expected, in both languages, and sentences for the issues it finds. */
import type * as v from 'valibot';
import { problem, type Bilingual, type InputProblem } from './types';

/** Keys are the messages that `format.ts` gives to its checks. */
const EXPECTED: Readonly<Record<string, Bilingual>> = {
  ip4: { en: 'an IPv4 address such as 10.0.0.2', zh: 'IPv4 地址，例如 10.0.0.2' },
  prefix: {
    en: 'an address with a prefix length such as 10.0.0.2/24',
    zh: '带前缀长度的地址，例如 10.0.0.2/24',
  },
  mac: { en: 'a MAC address such as 02:42:ac:11:00:02', zh: 'MAC 地址，例如 02:42:ac:11:00:02' },
  name: {
    en: 'a name of letters, digits, dots, dashes and underscores, at most 64 characters',
    zh: '由字母、数字、点、短横线和下划线组成的名称，最多 64 个字符',
  },
  device: {
    en: 'a device name of at most 15 characters such as eth0',
    zh: '最多 15 个字符的设备名，例如 eth0',
  },
  integer: { en: 'a whole number', zh: '整数' },
  mtu: { en: 'an MTU from 68 to 65535', zh: '68 到 65535 之间的 MTU' },
  command: { en: 'a command of 1 to 4096 characters', zh: '1 到 4096 个字符的命令' },
  bilingual: { en: 'a text, or an object with "en" and "zh"', zh: '一段文字，或含 "en" 与 "zh" 的对象' },
  cable: {
    en: 'a cable end: {"switch": NAME} or {"machine": NAME, "nic": NAME}',
    zh: '网线的另一端：{"switch": 名称} 或 {"machine": 名称, "nic": 名称}',
  },
  role: { en: '"host" or "router"', zh: '"host" 或 "router"' },
  sysctl: { en: 'a text or a number', zh: '文字或数字' },
  network: { en: '"bridge" or "host"', zh: '"bridge" 或 "host"' },
  publish: {
    en: 'a published port such as 8080:80, 127.0.0.1:8080:80 or 53:53/udp',
    zh: '发布的端口，例如 8080:80、127.0.0.1:8080:80 或 53:53/udp',
  },
  seconds: { en: 'seconds from 0 to 3600', zh: '0 到 3600 之间的秒数' },
  version: { en: 'version 1', zh: '版本 1' },
  string: { en: 'a text', zh: '文字' },
  number: { en: 'a number', zh: '数字' },
  boolean: { en: 'true or false', zh: 'true 或 false' },
  Array: { en: 'a list', zh: '列表' },
  Object: { en: 'an object', zh: '对象' },
};

function shown(value: unknown): string {
  // What is no JSON value is something the schema found on an array, such as its methods.
  const text = (JSON.stringify(value) as string | undefined) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function jsonPath(path: readonly v.IssuePathItem[] | undefined): string {
  let text = '';
  for (const { key } of path ?? []) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text === '' ? '(top level)' : text;
}

type Issue = v.BaseIssue<unknown>;

export function issueProblem(issue: Issue): InputProblem {
  const place = jsonPath(issue.path);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return problem(place, 'is not a field of this object', '不是这个对象的字段');
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return problem(place, 'is missing', '缺少这个字段');
  }
  if (issue.message === 'count') {
    const [found, wanted] = [issue.received, issue.expected ?? ''];
    return problem(place, `has ${found} entries; expected ${wanted}`, `有 ${found} 项，应为 ${wanted}`);
  }
  const expected =
    EXPECTED[issue.message] ?? EXPECTED[issue.expected ?? ''] ?? plain(issue.expected ?? 'something else');
  const found = shown(issue.input);
  return problem(place, `expected ${expected.en}, found ${found}`, `应为${expected.zh}，实际是 ${found}`);
}

function plain(text: string): Bilingual {
  return { en: text, zh: text };
}
