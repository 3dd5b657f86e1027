/** Programs that have to run for the network to be what it is: web servers, and flannel's UDP backend on its TUN device. */
import type { AddrRow, EtcdRow, LinkRow, ProcessRow, SocketRow } from '../../sim/index';

const SUBNET_KEY = /\/subnets\/(\d+\.\d+\.\d+\.\d+)-(\d+)$/;
const PORT = 8285;

interface Lease {
  readonly subnet: string;
  readonly address: string;
}

/** The leases that stand in etcd. */
export function leasesOf(rows: readonly EtcdRow[]): Lease[] {
  return rows.flatMap(({ key, value }) => {
    const match = SUBNET_KEY.exec(key);
    const address = /"PublicIP":"([\d.]+)"/.exec(value)?.[1];
    return match && address !== undefined ? [{ subnet: `${match[1] ?? ''}/${match[2] ?? ''}`, address }] : [];
  });
}

/**
 * What stands for flanneld on this node, or undefined when nobody reads from the device. `flannel-udp-proxy` makes the
 * device and goes on in the background.
 */
export function proxyLine(
  netns: string,
  link: LinkRow,
  addresses: readonly AddrRow[],
  sockets: readonly SocketRow[],
  leases: readonly Lease[],
): string | undefined {
  const own = addresses.find(({ dev }) => dev === link.ifname)?.local;
  const socket = sockets.find(({ protocol, local }) => protocol === 'udp' && local.endsWith(`:${PORT}`));
  if (own === undefined || !socket) return undefined;
  const here = socket.local.slice(0, socket.local.lastIndexOf(':'));
  const routes = leases.filter(({ address }) => address !== here);
  const words = routes.map(({ subnet, address }) => `${subnet}=${address}`);
  return [`ip netns exec ${netns} flannel-udp-proxy ${link.ifname} ${socket.local} ${own}`, ...words].join(
    ' ',
  );
}

/** Containers' own programs that the network speaks to; they stay. */
export function serverLines(netns: string, processes: readonly ProcessRow[]): string[] {
  return processes.flatMap(({ name, state }) =>
    name === 'nginx' && state === 'running' ? [`ip netns exec ${netns} nginx &`] : [],
  );
}
