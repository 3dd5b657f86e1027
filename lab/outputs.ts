/** What commands print, with what is measured or drawn blanked. */
import type { LabCase } from './types';

const TIMES: readonly (readonly [RegExp, string])[] = [
  // ping
  [/\btime=[\d.]+ ms/g, 'time=T ms'],
  [/\btime \d+ms/g, 'time Tms'],
  [/^rtt min\/avg\/max\/mdev = [\d./]+ ms/gm, 'rtt min/avg/max/mdev = T ms'],
  // traceroute
  [/ {2}\d+\.\d{3} ms/g, '  T ms'],
  // tcpdump
  [/^\d\d:\d\d:\d\d\.\d{6} /gm, 'T '],
  // … -v
  [/, id \d+, offset /g, ', id I, offset '],
  // timers of bridges and their ports
  [/\b(\w+_timer) +[\d.]+/g, '$1 T'],
  [/\b((?:hello|tcn|topology change|message age|forward delay|hold|gc) timer\s+)[\d.]+/g, '$1T'],
  // brctl showmacs
  [/(\tno\t\t *)[\d.]+$/gm, '$1T'],
  // curl
  [/\bafter \d+ ms\b/g, 'after T ms'],
  [/\b((?:Connection|Operation) timed out after) \d+ milliseconds/g, '$1 T milliseconds'],
  // ss -p
  [/,pid=\d+,fd=\d+/g, ''],
  // ip route get, with a cached path MTU
  [/\bexpires \d+sec/g, 'expires T'],
];

/** Lists whose order comes from a hash with a secret drawn at boot. */
const UNORDERED = /^(ip (-\S+ )*(n|neigh|neighbor|neighbour)|arp|brctl showmacs|conntrack)\b/;
const OPEN_LINES: readonly (readonly [RegExp, (line: string, given: ReadonlySet<number>) => string])[] = [
  [/^conntrack\b/, comparedConntrack],
  // Numbers of processes make its columns wider.
  [/^ss -\w*p/, (line) => line.replace(/ +/g, ' ').trimEnd()],
  [
    /^ss\b/,
    (line, given) =>
      line.replace(/:(\d+)( *)/g, (all, digits: string) =>
        isDrawn(Number(digits), given) ? ':P'.padEnd(all.length) : all,
      ),
  ],
  [/^iptables-save\b/, (line) => line.replace(/^# .*/, '# …')],
  [
    /^nc\b/,
    (line, given) =>
      line.replace(/^(Connection received on \S+) (\d+)$/, (all, peer: string, digits: string) =>
        isDrawn(Number(digits), given) ? `${peer} P` : all,
      ),
  ],
  [/^ipset\b/, (line) => line.replace(/\b(initval:?) 0x[0-9a-f]+/, '$1 I')],
];

/** The lines of an output as they are compared. `given` are the ports and ids that the commands themselves name. */
export function comparedLines(command: string, output: string, given: ReadonlySet<number>): string[] {
  const words = command.replace(/^docker exec (?:-\S+ )*\S+ /, '');
  const open = OPEN_LINES.filter(([program]) => program.test(words));
  const lines = withoutTimes(output)
    .split('\n')
    .map((line) => open.reduce((text, [, blank]) => blank(text, given), line));
  return UNORDERED.test(words) ? lines.sort() : lines;
}

/** A line of `conntrack -L` without its timeout, and without ports and ids that were drawn. */
export function comparedConntrack(line: string, given: ReadonlySet<number>): string {
  return line
    .replace(/^(\w+ +\d+) \d+ /, '$1 T ')
    .replace(/\b(sport|dport)=(\d+)/g, (all, key: string, digits: string) =>
      isDrawn(Number(digits), given) ? `${key}=P` : all,
    )
    .replace(/\bid=(\d+)/g, (all, digits: string) => (given.has(Number(digits)) ? all : 'id=I'));
}

/** Privileged ports are never drawn, and traceroute counts up from its own. */
const FIRST_DRAWN = 1024;
const PROBES = { low: 33_434, high: 33_534 };

export function isDrawn(port: number, given: ReadonlySet<number>): boolean {
  return port >= FIRST_DRAWN && !(port >= PROBES.low && port <= PROBES.high) && !given.has(port);
}

/** Numbers that commands and scripts name: what stands there was not drawn by the kernel. */
export function givenNumbers(texts: readonly string[]): Set<number> {
  return new Set(texts.flatMap((text) => (text.match(/\d+/g) ?? []).map(Number)));
}

/** Everything a case says in words: what is named there was not drawn. */
export function labTexts({ script, prepare, journal }: LabCase): string[] {
  return [script, ...[...prepare, ...journal].map(({ command }) => command)];
}

/** A line of the kernel log as it is compared. */
export function comparedLogLine(line: string, given: ReadonlySet<number>): string {
  return line
    .replace(
      /( TTL=\d+) ID=(\d+)/g,
      (_all, before: string, id: string) => `${before} ID=${id === '0' ? 0 : 'I'}`,
    )
    .replace(/\b(SPT|DPT)=(\d+)/g, (all, key: string, digits: string) =>
      isDrawn(Number(digits), given) ? `${key}=P` : all,
    );
}

export function withoutTimes(output: string): string {
  return TIMES.reduce((text, [pattern, blank]) => text.replace(pattern, blank), output);
}
