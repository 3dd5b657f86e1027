/** Cables, interfaces, what happens to packets on them, and the VNI of a tunnel. */
import type { LinkRow } from '../../../state';
import { isUp, remakeVtep, setLink, setMtu } from './commands';
import { once, type Fault, type FaultView } from './fault';

const MTUS = [1500, 1450, 1400, 1280, 576];
const DELAYS = ['10ms', '100ms', '1s'];
const LOSSES = ['5%', '20%', '50%'];

/** Not loopback: nothing but the machine itself hangs on it. */
const breakable = (links: readonly LinkRow[]): LinkRow[] => links.filter(({ kind }) => kind !== 'loopback');

/** Room that a tunnel device leaves for its own headers: it takes no larger MTU. */
const VXLAN_HEADERS = 50;

function mtusFor(link: LinkRow, links: readonly LinkRow[]): number[] {
  const lower = links.find(({ ifname }) => ifname === link.vxlan?.dev);
  const most = lower === undefined ? Infinity : lower.mtu - VXLAN_HEADERS;
  return MTUS.filter((mtu) => mtu !== link.mtu && mtu <= most);
}

/** The other end goes down: the carrier is lost here, as when somebody pulls the plug. */
function cable(view: FaultView, link: LinkRow): Fault[] {
  const { ifname: dev, peer } = link;
  if (peer === undefined) return [];
  const other = view.rows(peer.netns, 'link').find(({ ifname }) => ifname === peer.dev);
  if (other === undefined) return [];
  const cut = isUp(other);
  return [
    {
      id: `cable ${dev}`,
      group: cut ? 'cable' : 'mend',
      text: cut ? 'fault.cableCut' : 'fault.cablePlug',
      values: { dev, peer: `${peer.netns} ${peer.dev}` },
      choices: once(peer.netns, setLink(peer.dev, !cut)),
      dev,
    },
  ];
}

function mtu(netns: string, link: LinkRow, links: readonly LinkRow[]): Fault[] {
  const { ifname: dev } = link;
  const choices = mtusFor(link, links).map((value) => ({
    label: String(value),
    orders: [{ netns, command: setMtu(dev, value) }],
  }));
  if (choices.length === 0) return [];
  return [
    {
      id: `mtu ${dev}`,
      group: 'cable',
      text: 'fault.mtu',
      values: { dev, mtu: link.mtu },
      choices,
      dev,
    },
  ];
}

function quality(view: FaultView, netns: string, { ifname: dev }: LinkRow): Fault[] {
  const netem = view.rows(netns, 'qdisc').find((row) => row.dev === dev && row.kind === 'netem');
  const verb = netem === undefined ? 'add' : 'replace';
  const choicesOf = (option: string, values: readonly string[]) =>
    values.map((value) => ({
      label: value,
      orders: [{ netns, command: `tc qdisc ${verb} dev ${dev} root netem ${option} ${value}` }],
    }));
  const faults: Fault[] = [
    {
      id: `delay ${dev}`,
      group: 'quality',
      text: 'fault.delay',
      values: { dev },
      choices: choicesOf('delay', DELAYS),
      dev,
    },
    {
      id: `loss ${dev}`,
      group: 'quality',
      text: 'fault.loss',
      values: { dev },
      choices: choicesOf('loss', LOSSES),
      dev,
    },
  ];
  if (netem !== undefined) {
    faults.push({
      id: `netem ${dev}`,
      group: 'mend',
      text: 'fault.netemOff',
      values: { dev },
      choices: once(netns, `tc qdisc del dev ${dev} root`),
      dev,
    });
  }
  return faults;
}

/** The commands that make a VXLAN device anew as it stands, but for its VNI. */
export function vtepWith(view: FaultView, netns: string, link: LinkRow, vni: number): string[] {
  const dev = link.ifname;
  return remakeVtep(link, vni, {
    addrs: view.rows(netns, 'addr').filter((row) => row.dev === dev),
    neighs: view.rows(netns, 'neigh').filter((row) => row.dev === dev && row.state.includes('PERMANENT')),
    fdb: view
      .rows(netns, 'fdb')
      .filter((row) => row.ifname === dev && row.dst !== undefined && row.state === 'permanent'),
    // The kernel makes those of the addresses itself.
    routes: view
      .rows(netns, 'route')
      .filter((row) => row.dev === dev && row.table !== 'local' && row.protocol !== 'kernel'),
  });
}

function vni(view: FaultView, netns: string, link: LinkRow): Fault[] {
  const { ifname: dev, vxlan } = link;
  if (vxlan === undefined) return [];
  const choices = [vxlan.id + 1, vxlan.id + 99].map((id) => ({
    label: `VNI ${id}`,
    orders: vtepWith(view, netns, link, id).map((command) => ({ netns, command })),
  }));
  return [
    { id: `vni ${dev}`, group: 'tunnel', text: 'fault.vni', values: { dev, vni: vxlan.id }, choices, dev },
  ];
}

export function cableFaults(view: FaultView, netns: string): Fault[] {
  const links = view.rows(netns, 'link');
  return breakable(links).flatMap((link) => {
    const { ifname: dev } = link;
    const up = isUp(link);
    return [
      ...cable(view, link),
      {
        id: `state ${dev}`,
        group: up ? 'cable' : 'mend',
        text: up ? 'fault.down' : 'fault.up',
        values: { dev },
        choices: once(netns, setLink(dev, !up)),
        dev,
      } satisfies Fault,
      ...mtu(netns, link, links),
      ...vni(view, netns, link),
      ...(link.kind === 'bridge' ? [] : quality(view, netns, link)),
    ];
  });
}
