/**
 * dockerd's iptables rules, Docker ≤ 27 with the userland proxy (moby libnetwork/drivers/bridge/setup_ip_tables.go,
 * libnetwork/iptables/iptables.go, libnetwork/firewall_linux.go), in its order and words. Every rule is looked for before it
 * is put in; what is to come first in a chain is put in last.
 */
import type { DockerPort } from '../../kernel/netlink';
import { formatIp4, networkOf, type Ip4 } from '../../wire/index';
import type { DockerdOptions, Step } from './state';

const ISOLATION1 = 'DOCKER-ISOLATION-STAGE-1';
const ISOLATION2 = 'DOCKER-ISOLATION-STAGE-2';
const USER = 'DOCKER-USER';
const TO_US = '-m addrtype --dst-type LOCAL';

function chain(table: string, name: string): Step {
  const at = `iptables --wait -t ${table}`;
  return { kind: 'ensure', check: `${at} -n -L ${name}`, run: `${at} -N ${name}` };
}
function rule(action: 'A' | 'I', table: string, name: string, words: string): Step {
  const at = `iptables --wait -t ${table}`;
  return { kind: 'ensure', check: `${at} -C ${name} ${words}`, run: `${at} -${action} ${name} ${words}` };
}
/** EnsureJumpRule: first in the chain, wherever it may have been. */
function jumpFirst(name: string): Step[] {
  return [
    { kind: 'try', run: `iptables --wait -t filter -D FORWARD -j ${name}` },
    { kind: 'do', effects: [{ do: 'exec', command: `iptables --wait -t filter -I FORWARD -j ${name}` }] },
  ];
}

/** removeIPChains: what an earlier dockerd left. */
export function oldChainsAway(): Step[] {
  const remove = (table: string, name: string): Step[] => [
    { kind: 'try', run: `iptables --wait -t ${table} -F ${name}` },
    { kind: 'try', run: `iptables --wait -t ${table} -X ${name}` },
  ];
  return [
    { kind: 'try', run: `iptables --wait -t nat -D PREROUTING ${TO_US} -j DOCKER` },
    { kind: 'try', run: `iptables --wait -t nat -D OUTPUT ${TO_US} ! --dst 127.0.0.0/8 -j DOCKER` },
    ...remove('nat', 'DOCKER'),
    ...remove('filter', 'DOCKER'),
    ...remove('filter', ISOLATION1),
    ...remove('filter', ISOLATION2),
  ];
}

/** setupIPChains */
export function chains(): Step[] {
  return [
    chain('nat', 'DOCKER'),
    chain('filter', 'DOCKER'),
    chain('filter', ISOLATION1),
    chain('filter', ISOLATION2),
    rule('A', 'filter', ISOLATION1, '-j RETURN'),
    rule('A', 'filter', ISOLATION2, '-j RETURN'),
  ];
}

/** setupIP4Tables and setINC of the default bridge, then arrangeUserFilterRule. */
export function bridgeRules({ bridge, bip, ipMasq }: DockerdOptions): Step[] {
  const network = `${formatIp4(networkOf(bip.addr, bip.len))}/${bip.len}`;
  const masquerade = [
    rule('I', 'nat', 'POSTROUTING', `-s ${network} ! -o ${bridge} -j MASQUERADE`),
    rule('I', 'nat', 'DOCKER', `-i ${bridge} -j RETURN`),
  ];
  return [
    ...(ipMasq === false ? [] : masquerade),
    { kind: 'try', run: `iptables --wait -D FORWARD -i ${bridge} -o ${bridge} -j DROP` },
    rule('I', 'filter', 'FORWARD', `-i ${bridge} -o ${bridge} -j ACCEPT`),
    rule('I', 'filter', 'FORWARD', `-i ${bridge} ! -o ${bridge} -j ACCEPT`),
    rule('A', 'nat', 'PREROUTING', `${TO_US} -j DOCKER`),
    rule('A', 'nat', 'OUTPUT', `${TO_US} ! --dst 127.0.0.0/8 -j DOCKER`),
    rule('I', 'filter', 'FORWARD', `-o ${bridge} -j DOCKER`),
    rule('I', 'filter', 'FORWARD', `-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
    ...jumpFirst(ISOLATION1),
    rule('I', 'filter', ISOLATION1, `-i ${bridge} ! -o ${bridge} -j ${ISOLATION2}`),
    rule('I', 'filter', ISOLATION2, `-o ${bridge} -j DROP`),
    chain('filter', USER),
    rule('A', 'filter', USER, '-j RETURN'),
    ...jumpFirst(USER),
  ];
}

/** portmapper.AppendForwardingTableEntry: chain and words of a published port's three rules. */
function portWords(
  bridge: string,
  ip: Ip4,
  port: DockerPort,
): readonly (readonly [string, string, string])[] {
  const { hostIp, hostPort, containerPort, protocol } = port;
  const to = formatIp4(ip);
  const from = hostIp === undefined ? '0/0' : formatIp4(hostIp);
  const dnat = `-j DNAT --to-destination ${to}:${containerPort}`;
  return [
    ['nat', 'DOCKER', `-p ${protocol} -d ${from} --dport ${hostPort} ${dnat} ! -i ${bridge}`],
    [
      'filter',
      'DOCKER',
      `! -i ${bridge} -o ${bridge} -p ${protocol} -d ${to} --dport ${containerPort} -j ACCEPT`,
    ],
    ['nat', 'POSTROUTING', `-p ${protocol} -s ${to} -d ${to} --dport ${containerPort} -j MASQUERADE`],
  ];
}
export function portRules(bridge: string, ip: Ip4, port: DockerPort): Step[] {
  return portWords(bridge, ip, port).map(([table, name, words]) => rule('A', table, name, words));
}
export function portRulesAway(bridge: string, ip: Ip4, port: DockerPort): string[] {
  return portWords(bridge, ip, port).map(
    ([table, name, words]) => `iptables --wait -t ${table} -D ${name} ${words}`,
  );
}
