/** What commands print, with the times in it blanked. */

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
  // ip route get, with a cached path MTU
  [/\bexpires \d+sec/g, 'expires T'],
];

/** Lists whose order comes from a hash with a secret drawn at boot. */
const UNORDERED = /^(ip (-\S+ )*(n|neigh|neighbor|neighbour)|arp|brctl showmacs)\b/;

/** The lines of an output as they are compared. */
export function comparedLines(command: string, output: string): string[] {
  const lines = withoutTimes(output).split('\n');
  return UNORDERED.test(command) ? lines.sort() : lines;
}

export function withoutTimes(output: string): string {
  return TIMES.reduce((text, [pattern, blank]) => text.replace(pattern, blank), output);
}
