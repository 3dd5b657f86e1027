import { describe, expect, it } from 'vitest';
import { computeFlights, placeOf } from './flights';
import type { Step, TraceEvent } from './types';

/** Events from their telling parts; `cause` is the one before unless given. */
interface Part extends Record<string, unknown> {
  readonly netns: string;
  readonly kind: TraceEvent['kind'];
}
function traceOf(...parts: Part[]): TraceEvent[] {
  return parts.map(
    (part, seq) => ({ seq, at: seq, machine: part.netns, cause: seq - 1, ...part }) as unknown as TraceEvent,
  );
}
const stepOf = (events: readonly TraceEvent[], first: number, last: number): Step =>
  ({ first, last, seqs: events.slice(first, last + 1).map((event) => event.seq) }) as unknown as Step;

/** `KIND FRAME FROM > TO` with the times in ms. */
function told(events: readonly TraceEvent[], first = 0, last = events.length - 1): string[] {
  const { flights, duration } = computeFlights(stepOf(events, first, last), events);
  const place = (at: object) => Object.values(at).join('/');
  return flights.map(
    ({ kind, frame, from, to, start, end }) =>
      `${kind} ${frame} ${place(from)} > ${place(to)} ${Math.round(start * duration)}-${Math.round(end * duration)}`,
  );
}

describe('flights of a step', () => {
  it('a process sends: down through the IP layer to the device', () => {
    const events = traceOf(
      { netns: 'c1', kind: 'command' },
      { netns: 'c1', kind: 'origin', by: 'ping', frame: 0 },
      { netns: 'c1', kind: 'fib', frame: 0 },
      { netns: 'c1', kind: 'neigh', dev: 'eth0', frame: 0 },
      { netns: 'c1', kind: 'tx', dev: 'eth0', frame: 1 },
    );
    expect(told(events)).toEqual(['down 0 c1/ping/app > c1/ip 0-300', 'down 1 c1/ip > c1/eth0 300-600']);
  });

  it('a frame crosses the wire in the step in which it arrives', () => {
    const events = traceOf(
      { netns: 'c1', kind: 'tx', dev: 'eth0', frame: 1 },
      { netns: 'node1', kind: 'rx', dev: 'veth0', frame: 1 },
      { netns: 'node1', kind: 'fdb', dev: 'docker0', frame: 1, port: 'veth0' },
    );
    expect(told(events, 0, 0)).toEqual([]);
    expect(told(events, 1, 2)).toEqual([
      'wire 1 c1/eth0 > node1/veth0 0-500',
      'inside 1 node1/veth0 > node1/docker0 500-850',
    ]);
  });

  it('flooded copies travel side by side', () => {
    const events = traceOf(
      { netns: 'node1', kind: 'fdb', dev: 'docker0', frame: 1 },
      { netns: 'node1', kind: 'tx', dev: 'veth1', frame: 1, cause: 0 },
      { netns: 'node1', kind: 'tx', dev: 'veth2', frame: 1, cause: 0 },
      { netns: 'node1', kind: 'rx', dev: 'docker0', frame: 1, cause: 0 },
    );
    expect(told(events)).toEqual([
      'inside 1 node1/docker0 > node1/veth1 0-350',
      'inside 1 node1/docker0 > node1/veth2 0-350',
    ]);
  });

  it('what is wrapped goes in unwrapped, what is unwrapped arrives wrapped', () => {
    const events = traceOf(
      { netns: 'n', kind: 'forward', iif: 'cni0', oif: 'flannel.1', before: 0, frame: 1 },
      { netns: 'n', kind: 'tx', dev: 'flannel.1', frame: 2 },
      { netns: 'n', kind: 'encap', dev: 'flannel.1', inner: 2, frame: 3 },
      { netns: 'n', kind: 'fib', frame: 3 },
      { netns: 'n', kind: 'tx', dev: 'eth0', frame: 4 },
      { netns: 'm', kind: 'rx', dev: 'eth0', frame: 4 },
      { netns: 'm', kind: 'deliver', frame: 5, protocol: 'udp', to: 'udp 8472 (vxlan)' },
      { netns: 'm', kind: 'decap', dev: 'flannel.1', outer: 5, frame: 6 },
      { netns: 'm', kind: 'rx', dev: 'flannel.1', frame: 6 },
    );
    expect(told(events)).toEqual([
      'down 2 n/ip > n/flannel.1 0-300',
      'up 3 n/flannel.1 > n/ip 300-600',
      'down 4 n/ip > n/eth0 600-900',
      'wire 4 n/eth0 > m/eth0 900-1400',
      'up 5 m/eth0 > m/ip 1400-1700',
      'down 5 m/ip > m/flannel.1 1700-2000',
    ]);
  });

  it('a drop falls where it happens', () => {
    const events = traceOf(
      { netns: 'n', kind: 'rx', dev: 'eth0', frame: 1 },
      { netns: 'n', kind: 'fib', frame: 1 },
      { netns: 'n', kind: 'drop', frame: 1, reason: 'IP_INNOROUTES', where: 'ip_route_input_slow' },
    );
    expect(told(events, 1, 2)).toEqual(['up 1 n/eth0 > n/ip 0-300', 'drop 1 n/ip > n/ip 300-700']);
  });

  it('events about no packet are looked through', () => {
    const events = traceOf(
      { netns: 'n', kind: 'rx', dev: 'eth0', frame: 1 },
      { netns: 'n', kind: 'change', table: 'fdb', key: 'x' },
      { netns: 'n', kind: 'arp', dev: 'eth0', frame: 1, cause: 1 },
    );
    expect(told(events, 1, 2)).toEqual(['up 1 n/eth0 > n/ip 0-300']);
  });

  it('a decision stands still, and no chain takes for ever', () => {
    const still = traceOf({ netns: 'n', kind: 'netlink' });
    expect(computeFlights(stepOf(still, 0, 0), still)).toEqual({ flights: [], duration: 400 });
    const long = traceOf(
      ...Array.from({ length: 50 }, (_, i) => ({ netns: 'n', kind: 'tx' as const, dev: `d${i}`, frame: 0 })),
    );
    const { flights, duration } = computeFlights(stepOf(long, 0, 49), long);
    expect(duration).toBe(4000);
    expect(flights.at(-1)?.end).toBe(1);
    expect(flights).toHaveLength(49);
  });

  it('survives causes that lead nowhere or round in circles', () => {
    const events = traceOf(
      { netns: 'n', kind: 'change', cause: 1 },
      { netns: 'n', kind: 'change', cause: 0 },
      { netns: 'n', kind: 'tx', dev: 'eth0', frame: 0, cause: 0 },
      { netns: 'n', kind: 'tx', dev: 'eth0', frame: 0, cause: 999 },
    );
    expect(told(events)).toEqual([]);
  });

  it('a kernel function speaks from the IP layer, a process from user space', () => {
    const [kernel, user] = traceOf(
      { netns: 'n', kind: 'origin', by: 'icmp_reply', frame: 0 },
      { netns: 'n', kind: 'origin', by: 'ping', frame: 0 },
    );
    expect(kernel && placeOf(kernel, [])).toEqual({ netns: 'n', what: 'ip' });
    expect(user && placeOf(user, [])).toEqual({ netns: 'n', process: 'ping', what: 'app' });
  });

  it('a program reads a packet from a TUN, wraps it and writes it to a socket', () => {
    const events = traceOf(
      { netns: 'n', kind: 'tx', dev: 'flannel0', frame: 1 },
      { netns: 'n', kind: 'copy', direction: 'to-user', process: 'flanneld', via: 'read flannel0', frame: 1 },
      { netns: 'n', kind: 'encap', dev: 'flannel0', header: 'udp', inner: 1, frame: 2 },
      { netns: 'n', kind: 'copy', direction: 'to-kernel', process: 'flanneld', via: 'sendto', frame: 2 },
      { netns: 'n', kind: 'origin', by: 'flanneld', frame: 2 },
      { netns: 'n', kind: 'fib', frame: 2 },
      { netns: 'n', kind: 'tx', dev: 'eth0', frame: 3 },
    );
    expect(told(events)).toEqual([
      'up 1 n/flannel0 > n/flanneld/app 0-300',
      'down 2 n/flanneld/app > n/ip 300-600',
      'down 3 n/ip > n/eth0 600-900',
    ]);
  });

  it('and the other way round at the receiving end', () => {
    const events = traceOf(
      { netns: 'm', kind: 'rx', dev: 'eth0', frame: 3 },
      { netns: 'm', kind: 'deliver', frame: 4, protocol: 'udp', to: 'udp 8285 (flanneld)' },
      { netns: 'm', kind: 'copy', direction: 'to-user', process: 'flanneld', via: 'recvfrom', frame: 4 },
      { netns: 'm', kind: 'decap', dev: 'flannel0', header: 'udp', outer: 4, frame: 5 },
      {
        netns: 'm',
        kind: 'copy',
        direction: 'to-kernel',
        process: 'flanneld',
        via: 'write flannel0',
        frame: 5,
      },
      { netns: 'm', kind: 'rx', dev: 'flannel0', frame: 5 },
      { netns: 'm', kind: 'fib', frame: 5 },
    );
    expect(told(events)).toEqual([
      'up 4 m/eth0 > m/ip 0-300',
      'up 4 m/ip > m/flanneld/app 300-600',
      'down 5 m/flanneld/app > m/flannel0 600-900',
      'up 5 m/flannel0 > m/ip 900-1200',
    ]);
  });
});
