/** What a name on the command line stands for: an address, or one of the few names everybody has. */
import { parseIp4, type Ip4 } from '../../wire/index';

export function addressOf(host: string): Ip4 | undefined {
  if (host === 'localhost') return 0x7f000001;
  const parsed = parseIp4(host);
  return parsed.ok ? parsed.value : undefined;
}
