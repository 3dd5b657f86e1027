/**
 * Plugs netfilter into a namespace from outside, at the places where the IP layer calls it: what an sk_buff carries goes
 * on with the packet, an ICMP error belongs to the connection it is about, what OUTPUT changed is routed again.
 */
import { IpPacket } from '../../ip/packet';
import type { Netns } from '../../netns';
import { NetfilterTables, attachError, reroute, routeKey, type NetfilterSink } from '../index';

const plugged = new WeakMap<Netns, NetfilterTables>();

export function plug(netns: Netns, sink?: NetfilterSink): NetfilterTables {
  const known = plugged.get(netns);
  if (known) return known;
  const netfilter = new NetfilterTables(netns, sink);
  plugged.set(netns, netfilter);
  carryState();
  rerouteOutput(netns);
  attachErrors(netns);
  return netfilter;
}

let carried = false;
function carryState(): void {
  if (carried) return;
  carried = true;
  const changed: IpPacket['changed'] = Reflect.get(IpPacket.prototype, 'changed');
  IpPacket.prototype.changed = function (this: IpPacket, bytes, frame, cause): IpPacket {
    const next = changed.call(this, bytes, frame, cause);
    if (this.nf) next.nf = this.nf;
    return next;
  };
}

function rerouteOutput(netns: Netns): void {
  const { ip, hooks } = netns;
  const send = ip.sendRouted.bind(ip);
  const run = hooks.run.bind(hooks);
  const done = new WeakSet<IpPacket>();
  hooks.run = (hook, packet, iif, oif) =>
    hook === 'OUTPUT' && done.has(packet) ? packet : run(hook, packet, iif, oif);
  ip.sendRouted = (packet, route) => {
    const before = routeKey(packet);
    const passed = hooks.run('OUTPUT', packet, undefined, route.device);
    const way = passed && reroute(netns, passed, before, route);
    if (!passed || !way) return;
    done.add(passed);
    send(passed, way);
  };
}

function attachErrors(netns: Netns): void {
  const { icmp } = netns;
  const error = icmp.error.bind(icmp);
  const originate = netns.originate.bind(netns);
  let about: IpPacket | undefined;
  icmp.error = (packet, type, code, info) => {
    about = packet;
    error(packet, type, code, info);
    about = undefined;
  };
  netns.originate = (bytes, by, cause, from) => {
    const packet = originate(bytes, by, cause, from);
    if (about && by === 'icmp_send') attachError(about, packet);
    about = undefined;
    return packet;
  };
}
