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
  // ip route get, with a cached path MTU
  [/\bexpires \d+sec/g, 'expires T'],
];

export function withoutTimes(output: string): string {
  return TIMES.reduce((text, [pattern, blank]) => text.replace(pattern, blank), output);
}
