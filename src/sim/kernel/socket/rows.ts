/** Rows of sockets as `ss` prints them, and their order: UDP, listeners, connections; the newest listener first. */
import type { Ip4 } from '../../wire/index';
import type { TcpEndpoint } from '../netlink';
import type { SocketRow } from '../trace';
import { ipText } from '../text';

const PLACE = { udp: 0, listen: 1, tcp: 2 } as const;
const LAST = 99_999_999;

export function socketKey(kind: keyof typeof PLACE, order: number): string {
  const place = kind === 'listen' ? LAST - order : order;
  return `${PLACE[kind]}|${String(place).padStart(8, '0')}`;
}

function endpointText(address: Ip4, port: number): string {
  return `${address === 0 ? '0.0.0.0' : ipText(address)}:${port}`;
}

export function udpRow(address: Ip4, port: number, process: string): SocketRow {
  return { protocol: 'udp', state: 'UNCONN', local: endpointText(address, port), process };
}

export function tcpRow(
  state: string,
  local: TcpEndpoint,
  peer: TcpEndpoint | undefined,
  process: string,
): SocketRow {
  const own = endpointText(local.address, local.port);
  if (!peer) return { protocol: 'tcp', state, local: own, process };
  return { protocol: 'tcp', state, local: own, peer: endpointText(peer.address, peer.port), process };
}
