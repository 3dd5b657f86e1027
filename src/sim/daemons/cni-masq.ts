/**
 * The bridge plugin's masquerade (containernetworking/plugins pkg/ip/ipmasq_iptables_linux.go, pkg/utils/utils.go): a chain
 * in nat for every pod. The flannel plugin asks for it exactly when flanneld does not masquerade itself.
 */
import { Random } from '../../base/random';
import { formatIp4, type Ip4 } from '../wire/index';
import type { Effect } from './daemon';

/** A chain's name holds 28 characters. */
const CHAIN_HEX = 24;
const ID_HEX = 64;

export interface Masquerade {
  readonly ip: Ip4;
  /** Length of the pod's network. */
  readonly len: number;
  /** The sandbox's id, 64 hex digits. */
  readonly sandbox: string;
}

function hex(seed: string, count: number): string {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.below(16).toString(16)).join('');
}
export function sandboxId(seed: string): string {
  return hex(`${seed} sandbox`, ID_HEX);
}
/** FormatChainName takes these digits from a SHA-512 of network name and id; here they come from a seeded stream. */
function chainName(sandbox: string): string {
  return `CNI-${hex(`cbr0${sandbox}`, CHAIN_HEX)}`;
}
function words({ ip, sandbox }: Masquerade): {
  readonly chain: string;
  readonly comment: string;
  readonly jump: string;
} {
  const chain = chainName(sandbox);
  const comment = `-m comment --comment 'name: "cbr0" id: "${sandbox}"'`;
  return { chain, comment, jump: `POSTROUTING -s ${formatIp4(ip)} -j ${chain} ${comment}` };
}
const run = (command: string): Effect => ({ do: 'exec', command: `iptables -t nat ${command} --wait` });

export function masqueradeUp(pod: Masquerade): Effect[] {
  const { chain, comment, jump } = words(pod);
  return [
    run(`-N ${chain}`),
    run(`-A ${chain} -d ${formatIp4(pod.ip)}/${pod.len} -j ACCEPT ${comment}`),
    run(`-A ${chain} ! -d 224.0.0.0/4 -j MASQUERADE ${comment}`),
    run(`-A ${jump}`),
  ];
}
export function masqueradeDown(pod: Masquerade): Effect[] {
  const { chain, jump } = words(pod);
  return [run(`-D ${jump}`), run(`-F ${chain}`), run(`-X ${chain}`)];
}
