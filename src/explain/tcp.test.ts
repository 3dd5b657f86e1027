import { describe, expect, it } from 'vitest';
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, buildIpv4, buildTcp, parseIp4 } from '../sim/wire';
import type { SocketRow } from '../sim/kernel/trace';
import { message } from './format';
import { usedRows } from './marks';
import { computeSteps } from './steps';
import { readTcp } from './tcp';
import { Sketch } from './testing/sketch';
import { why } from './why';

const address = (text: string): number => {
  const parsed = parseIp4(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
const CLIENT = { ip: '10.0.1.2', port: 40000 };
const SERVER = { ip: '10.0.2.2', port: 80 };
type End = typeof CLIENT;

function segment(t: Sketch, from: End, to: End, flags: number, data = '', of?: number): number {
  const ends = { src: address(from.ip), dst: address(to.ip) };
  const ack = (flags & TCP_ACK) === 0 ? 0 : 2000;
  const fields = { srcPort: from.port, dstPort: to.port, seq: 1000, ack, flags, window: 64240 };
  const bytes = buildTcp(fields, new TextEncoder().encode(data), ends);
  return t.frame(buildIpv4({ id: 0, ttl: 64, protocol: 6, ...ends }, bytes), 'ip', of);
}

/** What is said of one segment that TCP makes. */
function said(flags: number, by: string, data = '', from = CLIENT, to = SERVER): string {
  const t = new Sketch().in('host');
  t.add({ kind: 'origin', frame: segment(t, from, to, flags, data), by });
  const [step] = computeSteps(t);
  return step ? message('en', step.title) : '';
}

describe('segments', () => {
  it('are named for their part in the conversation', () => {
    expect([
      said(TCP_SYN, 'tcp_connect'),
      said(TCP_SYN | TCP_ACK, 'tcp_v4_send_synack', '', SERVER, CLIENT),
      said(TCP_ACK, 'tcp_send_ack'),
      said(TCP_ACK | TCP_PSH, 'tcp_write_xmit', 'GET / HTTP/1.1'),
      said(TCP_ACK | TCP_FIN, 'tcp_send_fin'),
      said(TCP_RST, 'tcp_send_active_reset'),
      said(TCP_SYN, 'tcp_retransmit_skb'),
    ]).toEqual([
      'host asks 10.0.2.2 port 80 for a connection: TCP SYN',
      'host agrees to the connection with 10.0.1.2: TCP SYN-ACK',
      'host acknowledges to 10.0.2.2 what has come: TCP ACK',
      'host sends 14 bytes of data to 10.0.2.2 port 80',
      'host has nothing more to send to 10.0.2.2: TCP FIN',
      'host ends the connection with 10.0.2.2 at once: TCP reset',
      'host sends the TCP SYN to 10.0.2.2 again: not acknowledged so far',
    ]);
  });

  it('a reset that answers a SYN refuses the connection', () => {
    const t = new Sketch().in('server');
    const syn = segment(t, CLIENT, SERVER, TCP_SYN);
    const reset = segment(t, SERVER, CLIENT, TCP_RST | TCP_ACK, '', syn);
    t.add({ kind: 'origin', frame: reset, by: 'tcp_v4_send_reset' });
    const [step] = computeSteps(t);
    expect(step && message('en', step.title)).toBe('server refuses the connection from 10.0.1.2: TCP reset');
    const answer = step && why(step, t);
    expect(answer && message('en', answer.lead)).toContain('Nobody listens on port 80');
  });

  it('reach a socket, whose change of state is said and whose row is marked', () => {
    const t = new Sketch().in('client');
    const frame = segment(t, SERVER, CLIENT, TCP_SYN | TCP_ACK);
    const rule = { priority: 0, src: 'all', table: 'local' };
    const route = { type: 'local' as const, dst: CLIENT.ip, dev: 'c0', table: 'local', flags: [] };
    const candidates = [{ route, won: true, reason: { why: 'longest-prefix' as const, bits: 32 } }];
    const tables = [{ rule, table: 'local', candidates, omitted: 0, winner: 0 }];
    const rx = t.add({ kind: 'rx', dev: 'c0', frame, pkt: 'host' });
    const flow = { dst: CLIENT.ip, src: SERVER.ip, iif: 'c0' };
    t.add(
      { kind: 'fib', direction: 'input', frame, flow, decision: { tables, result: 'local', dev: 'c0' } },
      rx,
    );
    const deliver = t.add({ kind: 'deliver', frame, protocol: 'tcp', to: 'curl (tcp 40000)' });
    const row: SocketRow = {
      protocol: 'tcp',
      state: 'SYN-SENT',
      local: '10.0.1.2:40000',
      peer: '10.0.2.2:80',
      process: 'curl',
    };
    const after = { ...row, state: 'ESTAB' };
    t.add({ kind: 'change', table: 'socket', key: '2|1', before: row, after }, deliver);
    const [step] = computeSteps(t);
    expect(step && message('en', step.title)).toBe('client takes the TCP SYN-ACK: SYN-SENT → ESTAB');
    const used = (step ? usedRows(step, t) : []).filter(({ table }) => table === 'socket');
    expect(used.some((each) => each.match(after))).toBe(true);
    expect(used.some((each) => each.match({ ...after, peer: '10.0.2.9:80' }))).toBe(false);
    const listener: SocketRow = { protocol: 'tcp', state: 'LISTEN', local: '0.0.0.0:40000', process: 'x' };
    expect(used.some((each) => each.match(listener))).toBe(false);
  });

  it('are read whatever the bytes', () => {
    expect(readTcp({ id: 0, bytes: Uint8Array.of(0x45, 0), link: 'ip' })).toBeUndefined();
    expect(readTcp({ id: 0, bytes: new Uint8Array(60), link: 'ethernet' })).toBeUndefined();
  });
});
