/** Rules of the firewall, settings of the kernel, daemons. */
import type { TableRows } from '../../../state';
import { setSysctl } from './commands';
import { once, type Fault, type FaultView } from './fault';

const BRIDGE_CALLS = 'net.bridge.bridge-nf-call-iptables';
export const FORWARDING = 'net.ipv4.ip_forward';

const sysctl = (view: FaultView, netns: string, name: string) =>
  view.rows(netns, 'sysctl').find((row) => row.name === name)?.value;

const portOf = (socket: string) => Number(socket.slice(socket.lastIndexOf(':') + 1));

/** UDP ports at which tunnels of this namespace end: those of its VXLAN devices and of flanneld's own socket. */
function tunnelPorts(view: FaultView, netns: string): Set<number> {
  const links = view.rows(netns, 'link');
  const ports = links.flatMap(({ vxlan }) => (vxlan === undefined ? [] : [vxlan.port]));
  const sockets = view
    .rows(netns, 'socket')
    .filter(({ protocol, process }) => protocol === 'udp' && process === 'flanneld');
  return new Set([...ports, ...sockets.map(({ local }) => portOf(local))]);
}

function portFaults(view: FaultView, netns: string, role: TableRows['netns']['role']): Fault[] {
  const own = tunnelPorts(view, netns);
  const isOnTheWay = role === 'switch' || role === 'router';
  const ports = isOnTheWay ? new Set(view.namespaces.flatMap(({ id }) => [...tunnelPorts(view, id)])) : own;
  return [...ports].map((port) => {
    const chain = own.has(port) ? 'INPUT' : 'FORWARD';
    const rule = `iptables -I ${chain} -p udp --dport ${port} -j DROP`;
    // A bridge shows what it forwards to iptables only when it is told to.
    const first =
      role === 'switch' && sysctl(view, netns, BRIDGE_CALLS) === '0' ? [setSysctl(BRIDGE_CALLS, 1)] : [];
    return {
      id: `port ${port}`,
      group: 'firewall',
      text: own.has(port) ? 'fault.portHere' : 'fault.portOnTheWay',
      values: { port, netns },
      choices: once(netns, ...first, rule),
    };
  });
}

const CHAINS = ['FORWARD', 'INPUT', 'OUTPUT'];
type RuleRow = TableRows['iptables'];
const isRefusal = ({ table, chain, text }: RuleRow) =>
  table === 'filter' && CHAINS.includes(chain) && text !== undefined && /-j (DROP|REJECT)\b/.test(text);

function firewallFaults(view: FaultView, netns: string): Fault[] {
  const rows = view.rows(netns, 'iptables');
  const faults: Fault[] = CHAINS.map((chain): Fault => {
    const policy = rows.find(
      (row) => row.table === 'filter' && row.chain === chain && row.text === undefined,
    );
    const drops = policy?.policy === 'DROP';
    return {
      id: `policy ${chain}`,
      group: 'firewall',
      text: drops ? 'fault.policyAccept' : 'fault.policyDrop',
      values: { chain },
      choices: once(netns, `iptables -P ${chain} ${drops ? 'ACCEPT' : 'DROP'}`),
    };
  });
  for (const chain of ['FORWARD', 'INPUT']) {
    faults.push({
      id: `icmp ${chain}`,
      group: 'firewall',
      text: chain === 'INPUT' ? 'fault.icmpHere' : 'fault.icmpOnTheWay',
      values: { netns },
      choices: once(netns, `iptables -I ${chain} -p icmp -j DROP`),
    });
  }
  return faults;
}

function refusals(view: FaultView, netns: string): Fault[] {
  return view
    .rows(netns, 'iptables')
    .filter(isRefusal)
    .map((row) => ({
      id: `rule ${row.chain} ${row.text}`,
      group: 'mend',
      text: 'fault.ruleDelete',
      values: { chain: row.chain },
      choices: once(netns, `iptables -D ${row.chain} ${row.text}`),
      row,
    }));
}

function forwarding(view: FaultView, netns: string): Fault[] {
  const value = sysctl(view, netns, FORWARDING);
  if (value === undefined) return [];
  const on = value !== '0';
  return [
    {
      id: 'forwarding',
      group: 'system',
      text: on ? 'fault.forwardOff' : 'fault.forwardOn',
      values: { netns },
      choices: once(netns, setSysctl(FORWARDING, on ? 0 : 1)),
    },
  ];
}

/** Units of systemd, by the name of the process that they start. What runs in containers is none. */
const UNITS: Readonly<Record<string, string>> = {
  flanneld: 'flanneld',
  etcd: 'etcd',
  dockerd: 'docker',
  kubelet: 'kubelet',
};

function daemons(view: FaultView, netns: string): Fault[] {
  return view.rows(netns, 'process').flatMap((row) => {
    const { name, state } = row;
    const unit = UNITS[name];
    if (unit === undefined) return [];
    const runs = state === 'running';
    const isCarrier = name === 'flanneld' && view.rows(netns, 'link').some(({ kind }) => kind === 'tun');
    const stop =
      name === 'dockerd' ? 'fault.dockerdStop' : isCarrier ? 'fault.carrierStop' : 'fault.daemonStop';
    return [
      {
        id: `daemon ${name}`,
        group: runs ? 'daemon' : 'mend',
        text: runs ? stop : 'fault.daemonStart',
        values: { name },
        choices: once(netns, `systemctl ${runs ? 'stop' : 'start'} ${unit}`),
        row,
      } satisfies Fault,
    ];
  });
}

export function systemFaults(view: FaultView, netns: string): Fault[] {
  const role = view.namespaces.find(({ id }) => id === netns)?.role ?? 'netns';
  return [
    ...portFaults(view, netns, role),
    ...(role === 'switch' ? [] : firewallFaults(view, netns)),
    ...refusals(view, netns),
    ...(role === 'switch' ? [] : forwarding(view, netns)),
    ...daemons(view, netns),
  ];
}
