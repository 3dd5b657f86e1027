/** What is wrong with a net-conf.json, in Chinese; in English it is said in the words of the parser, which are flannel's. */
import type { NetConfError } from '../sim/index';

const SENTENCES: readonly (readonly [english: RegExp, chinese: string])[] = [
  [/^(.*) is not true or false$/s, '$1 不是 true 或 false'],
  [/^(.*) is not a whole number from 0 to (\d+)$/s, '$1 不是 0 到 $2 之间的整数'],
  [/^(.*) is not a string$/s, '$1 不是字符串'],
  [/^(.*) is not an IPv4 address$/s, '$1 不是 IPv4 地址'],
  [/^(.*) is not a network such as (\S+)$/s, '$1 不是网络地址，应形如 $2'],
  [/^(.*) is not an object$/s, '$1 不是对象'],
  [/^is not valid JSON$/, '不是有效的 JSON'],
  [/^must be a JSON object$/, '应为 JSON 对象'],
  [/^please define a correct Network parameter.*$/s, '请写明正确的 Network'],
  [/^network is too small\. Minimum useful network prefix is (\S+)$/, '网络太小，前缀最长为 $1'],
  [/^SubnetLen must be less than (\S+)$/, 'SubnetLen 必须小于 $1'],
  [/^network must be able to accommodate at least four subnets$/, '网络中至少要能放下四个子网'],
  [/^(SubnetMin|SubnetMax) is not in the range of the Network$/, '$1 不在 Network 的范围内'],
  [/^(SubnetMin|SubnetMax) is not on a SubnetLen boundary: (\S+)$/, '$1 没有对齐到 SubnetLen：$2'],
];

/** A sentence that is not known stays as it is. */
export function netConfTextZh({ text }: NetConfError): string {
  for (const [english, chinese] of SENTENCES) if (english.test(text)) return text.replace(english, chinese);
  return text;
}
