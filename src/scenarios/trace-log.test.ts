/** The kernel log of "Flannel network principles" (host pings a container, five times), line by line. */
import { describe, expect, it } from 'vitest';
import { Terminal } from './testing/terminal';

/** nf_log_ipv4 (net/netfilter/nf_log_syslog.c) in a line of /var/log/syslog. */
const LINE = new RegExp(
  '^(?<date>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d) (?<host>\\S+) kernel: \\[ *(?<uptime>\\d+\\.\\d{6})\\] ' +
    'TRACE: (?<table>raw|mangle|nat|filter):(?<chain>[A-Za-z0-9_-]+):(?<what>policy|rule|return):(?<number>\\d+) ' +
    'IN=(?<iif>\\S*) OUT=(?<oif>\\S*)(?: PHYSIN=(?<physin>\\S+))?(?: PHYSOUT=(?<physout>\\S+))?' +
    '(?: MAC=(?<mac>(?:[0-9a-f]{2}:){13}[0-9a-f]{2}))? SRC=(?<src>[\\d.]+) DST=(?<dst>[\\d.]+) LEN=(?<len>\\d+) ' +
    'TOS=0x[0-9A-F]{2} PREC=0x[0-9A-F]{2} TTL=(?<ttl>\\d+) ID=(?<ipid>\\d+)(?<df> DF)? PROTO=ICMP TYPE=(?<type>\\d+) ' +
    'CODE=(?<code>\\d+) ID=(?<id>\\d+) SEQ=(?<seq>\\d+)(?: UID=\\d+ GID=\\d+)? ?$',
);

const OUT = 'IN= OUT=docker0 SRC=172.17.0.1 DST=172.17.0.3 LEN=84 TOS=0x00 PREC=0x00 TTL=64';
const BACK =
  'IN=docker0 OUT= PHYSIN=veth107d004 MAC=02:42:5e:26:3e:26:02:42:ac:11:00:03:08:00 SRC=172.17.0.3 DST=172.17.0.1 LEN=84 TOS=0x00 PREC=0x00 TTL=64';
/** As printed, the part that all lines of one kind share written once. */
const PRINTED = [
  `Nov 13 16:20:39 ubuntu kernel: [ 4975.085378] TRACE: nat:OUTPUT:policy:2 ${OUT} ID=27620 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=1 UID=0 GID=0`,
  `Nov 13 16:20:39 ubuntu kernel: [ 4975.085391] TRACE: filter:OUTPUT:policy:1 ${OUT} ID=27620 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=1 UID=0 GID=0`,
  `Nov 13 16:20:39 ubuntu kernel: [ 4975.085402] TRACE: nat:POSTROUTING:policy:3 ${OUT} ID=27620 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=1 UID=0 GID=0`,
  `Nov 13 16:20:39 ubuntu kernel: [ 4975.085446] TRACE: filter:INPUT:policy:1 ${BACK} ID=38275 PROTO=ICMP TYPE=0 CODE=0 ID=2 SEQ=1`,
  `Nov 13 16:20:40 ubuntu kernel: [ 4976.090242] TRACE: filter:OUTPUT:policy:1 ${OUT} ID=27669 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=2 UID=0 GID=0`,
  `Nov 13 16:20:40 ubuntu kernel: [ 4976.090387] TRACE: filter:INPUT:policy:1 ${BACK} ID=38365 PROTO=ICMP TYPE=0 CODE=0 ID=2 SEQ=2`,
  `Nov 13 16:20:41 ubuntu kernel: [ 4977.114820] TRACE: filter:OUTPUT:policy:1 ${OUT} ID=27858 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=3 UID=0 GID=0`,
  `Nov 13 16:20:41 ubuntu kernel: [ 4977.114978] TRACE: filter:INPUT:policy:1 ${BACK} ID=38395 PROTO=ICMP TYPE=0 CODE=0 ID=2 SEQ=3`,
  `Nov 13 16:20:42 ubuntu kernel: [ 4978.138777] TRACE: filter:OUTPUT:policy:1 ${OUT} ID=28096 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=4 UID=0 GID=0`,
  `Nov 13 16:20:42 ubuntu kernel: [ 4978.138836] TRACE: filter:INPUT:policy:1 ${BACK} ID=38628 PROTO=ICMP TYPE=0 CODE=0 ID=2 SEQ=4`,
  `Nov 13 16:20:43 ubuntu kernel: [ 4979.162217] TRACE: filter:OUTPUT:policy:1 ${OUT} ID=28175 DF PROTO=ICMP TYPE=8 CODE=0 ID=2 SEQ=5 UID=0 GID=0`,
  `Nov 13 16:20:43 ubuntu kernel: [ 4979.162310] TRACE: filter:INPUT:policy:1 ${BACK} ID=38866 PROTO=ICMP TYPE=0 CODE=0 ID=2 SEQ=5`,
];

/** What differs from run to run and from host to host: time, host, IP id, the name of the port. */
function essence(line: string): Record<string, string | undefined> {
  const groups = LINE.exec(line)?.groups;
  if (!groups) throw new Error(`not a line of the log: ${line}`);
  const { date, host, uptime, ipid, physin, ...rest } = groups;
  expect([date, host, uptime, ipid].every((part) => part !== undefined)).toBe(true);
  return {
    ...rest,
    physin: physin === undefined ? undefined : 'a port',
    uid: / UID=0 GID=0 ?$/.exec(line)?.[0].trim(),
  };
}

/** That host had a second Docker network, so its POSTROUTING had two rules. */
const SECOND_NETWORK = 'iptables -t nat -A POSTROUTING -s 10.113.0.0/16 ! -o br-868e99bff0cf -j MASQUERADE';

describe('host pings nginx-2 five times', () => {
  const terminal = new Terminal('docker-host-to-container', 0);
  terminal.type('host', SECOND_NETWORK);
  terminal.type('host', 'ping -e 2 -c 5 172.17.0.3');
  const log = terminal.lines('host', 'cat /var/log/syslog').filter((line) => line.includes('TRACE'));

  it('is logged as printed, and in table raw, which the document leaves out', () => {
    const lines = log.map(essence);
    expect(lines.filter(({ table }) => table !== 'raw')).toEqual(PRINTED.map(essence));
    const raw = lines.flatMap(({ table, chain, what, number }) =>
      table === 'raw' ? [`${chain}:${what}:${number}`] : [],
    );
    expect(raw).toEqual(Array.from({ length: 5 }, () => ['OUTPUT:policy:2', 'PREROUTING:policy:2']).flat());
  });

  it('is logged by dmesg with the same words', () => {
    const dmesg = terminal.lines('host', 'dmesg');
    const words = (line: string) => line.replace(/^.*?\] /, '');
    expect(dmesg.map(words)).toEqual(log.map(words));
    expect(dmesg.every((line) => /^\[ *\d+\.\d{6}\] TRACE: /.test(line))).toBe(true);
  });
});
