import { parseIp4, type Ip4 } from '../../wire/index';
import { Exit } from '../program';

/** There is no name service: addresses and `localhost` are known, anything else fails as the tool says it. */
export function resolveHost(word: string, code: number, failure: string): Ip4 {
  if (word === 'localhost') return 0x7f000001;
  const parsed = parseIp4(word);
  if (parsed.ok) return parsed.value;
  throw new Exit(code, `${word}: ${failure}\n`);
}
