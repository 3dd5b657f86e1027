/** What Tab offers for programs that say nothing about it themselves. */
import type { Place, Slots } from './completion';

const ETCD_WORDS = ['get', 'put', 'del', 'watch', 'ls', 'version', '--prefix', '--keys-only'];
const DOCKER_WORDS = [
  ...['run', 'exec', 'ps', 'logs', 'stop', 'start', 'restart', 'kill', 'rm'],
  ...['create', 'port', 'inspect', 'network'],
];

function docker(words: readonly string[]): Place {
  const [command, ...rest] = words.filter((word) => !word.startsWith('-'));
  if (command === undefined) return { words: DOCKER_WORDS };
  if (command === 'run')
    return { words: ['-d', '--name', '-p', '--network', 'host', 'nginx', 'busybox', '--rm'] };
  if (command === 'network') return { words: rest.length === 0 ? ['ls', 'inspect'] : ['bridge', 'host'] };
  if (command === 'ps') return { words: ['-a', '-q'] };
  if (command !== 'exec') return { kinds: ['container'] };
  if (rest.length === 0) return { words: ['-it'], kinds: ['container'] };
  // Options of the inner command are its own: count from the container's name.
  return { nested: words.slice(words.indexOf(rest[0] ?? '') + 1) };
}

export const OTHER_SLOTS: Readonly<Record<string, Slots>> = {
  docker,
  etcdctl: () => ({ words: ETCD_WORDS }),
  sysctl: () => ({ words: ['-w', '-n', '-a'], kinds: ['sysctl'] }),
  tcpdump(words) {
    if (words.at(-1) === '-i') return { words: ['any'], kinds: ['device'] };
    if (words.at(-1) === 'host') return { kinds: ['address'] };
    return {
      words: ['-n', '-e', '-v', '-i', '-c', 'icmp', 'arp', 'udp', 'tcp', 'host', 'port', 'and', 'or', 'not'],
    };
  },
  help: () => ({ kinds: ['command'] }),
};
