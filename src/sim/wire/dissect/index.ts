import { readArpLayer } from './arp';
import type { Part, Place, Read } from './context';
import { readEthernetLayer } from './ethernet';
import { readIcmpLayer } from './icmp';
import { readIpv4Layer } from './ipv4';
import { readTcpLayer } from './tcp';
import type { Layer, LinkType } from './types';
import { readUdpLayer } from './udp';
import { readVxlanLayer } from './vxlan';

export type { Field, Layer, LayerProtocol, LinkType } from './types';

/** Tunnels within tunnels are followed this deep; what is deeper is data. No real frame comes near. */
const MAX_LAYERS = 40;

/**
 * Reads all headers of a frame, outermost first, tunnels and ICMP quotes included, one flat list. The layers cover every
 * byte exactly once. Never throws, whatever the bytes: what cannot be read is a layer with `malformed`, or data.
 */
export function dissect(bytes: Uint8Array, linkType: LinkType): Layer[] {
  const layers: Layer[] = [];
  const first: Part = { next: linkType === 'ethernet' ? 'ethernet' : 'ipv4', at: 0, end: bytes.length };
  readPart(bytes, first, { depth: 0, quoted: false, fragment: false }, layers);
  return layers;
}

function readPart(bytes: Uint8Array, part: Part, around: Place, layers: Layer[]): void {
  if (part.at >= part.end) return;
  const place: Place = {
    depth: around.depth + (part.inside === 'tunnel' ? 1 : 0),
    quoted: around.quoted || part.inside === 'quote',
    fragment: around.fragment || part.fragment === true,
  };
  const read = readHeader(bytes, layers.length < MAX_LAYERS ? part : { ...part, next: 'data' }, place);
  // Depth counts tunnels, so the payload of a tunnel that is no packet belongs to the level of its carrier.
  const depth = read.layer.protocol === 'data' ? around.depth : place.depth;
  layers.push({ ...read.layer, depth, ...(place.quoted ? { quoted: true as const } : {}) });
  for (const inner of read.parts) readPart(bytes, inner, place, layers);
}

function readHeader(bytes: Uint8Array, part: Part, place: Place): Read {
  const { at, end } = part;
  const hint = part.hint ?? {};
  switch (part.next) {
    case 'ethernet':
      return readEthernetLayer(bytes, at, end);
    case 'arp':
      return readArpLayer(bytes, at, end);
    case 'ipv4':
      return readIpv4Layer(bytes, at, end, place);
    case 'icmp':
      return readIcmpLayer(bytes, at, end, hint);
    case 'udp':
      return readUdpLayer(bytes, at, end, hint);
    case 'tcp':
      return readTcpLayer(bytes, at, end, hint);
    case 'vxlan':
      return readVxlanLayer(bytes, at, end);
    case 'data':
      return readDataLayer(at, end, hint.data ?? 'Payload');
  }
}

function readDataLayer(at: number, end: number, name: string): Read {
  const length = end - at;
  const summary = `${name}, ${length} byte${length === 1 ? '' : 's'}`;
  return { layer: { protocol: 'data', offset: at, length, summary, fields: [] }, parts: [] };
}
