import { describe, expect, test } from 'vitest';
import { commandNames, complete, type CompletionEnv } from './index';

const env: CompletionEnv = {
  devices: ['docker0', 'eth0', 'lo'],
  addresses: ['10.0.0.1', '10.0.0.2'],
  namespaces: ['blue', 'red'],
  containers: ['web-1', 'web-2'],
  sysctls: ['net.ipv4.ip_forward'],
};

describe('what Tab offers', () => {
  test.each([
    ['', 0, [...commandNames]],
    ['tra', 0, ['traceroute']],
    ['sudo tr', 5, ['traceroute', 'true']],
    ['ip li', 3, ['link']],
    ['ip n', 3, ['neighbor', 'netns']],
    ['ip link se', 8, ['set']],
    ['ip link set et', 12, ['eth0']],
    ['ip link set eth0 ma', 17, ['master']],
    ['ip link set eth0 master do', 24, ['docker0']],
    ['ip -n r', 6, ['red']],
    ['ip route add default via 10.', 25, ['10.0.0.1', '10.0.0.2']],
    ['ip netns exec ', 14, ['blue', 'red']],
    ['ip netns exec red ip ro', 21, ['route']],
    ['ip netns exec red ip netns exec blue tracer', 37, ['traceroute']],
    ['docker exec web', 12, ['web-1', 'web-2']],
    ['docker exec -it web-1 ip ad', 25, ['address']],
    ['bridge fdb show dev l', 20, ['lo']],
    ['brctl showmacs d', 15, ['docker0']],
    ['ping -I e', 8, ['eth0']],
    ['tcpdump -i a', 11, ['any']],
    ['sysctl -w net', 10, ['net.ipv4.ip_forward']],
    ['nosuch x', 7, []],
    ['ip nosuch x', 10, []],
  ])('%s', (line, from, candidates) => {
    expect(complete(line, env)).toEqual({ from, candidates });
  });

  test('every offered keyword of ip is one that ip reads as itself', () => {
    for (const object of complete('ip ', env).candidates.filter(
      (word) => /^[a-z]+$/.test(word) && word !== 'help',
    )) {
      expect(complete(`ip ${object} `, env).candidates, object).toContain('help');
    }
  });
});
