/** traceroute's words and frames. Expected texts were printed by traceroute 2.1.2 in network namespaces, times blanked. */
import { describe, expect, test } from 'vitest';
import { fromHex, parseIpv4, toHex, isMalformed } from '../../wire/index';
import { loadGolden, type Golden } from '../../kernel/testing/golden';
import { TestNet, mac, must, prefix } from '../../kernel/testing/net';
import { runProgram } from '../testing/process';
import { traceroute } from './index';
import { verdict } from './probe';

/** a – r – b; a has routes that refuse, and r one that is unreachable, one prohibited, one that leads nowhere. */
function net(): TestNet {
  const made = new TestNet();
  made.netns('a');
  made.netns('r', { forward: true });
  made.netns('b');
  made.veth('r:left', 'a:eth0');
  made.veth('r:right', 'b:eth0', 1400);
  made.addr('r', 'left', '10.1.0.1/24');
  made.addr('a', 'eth0', '10.1.0.2/24');
  made.addr('r', 'right', '10.2.0.1/24');
  made.addr('b', 'eth0', '10.2.0.2/24');
  made.route('a', 'default', '10.1.0.1', 'eth0');
  made.route('b', 'default', '10.2.0.1', 'eth0');
  const refuse = (id: string, dst: string, type: 'unreachable' | 'prohibit' | 'blackhole'): void =>
    must(made.netlink(id).newRoute({ dst: prefix(dst), type }));
  refuse('a', '10.40.0.0/16', 'unreachable');
  refuse('a', '10.41.0.0/16', 'prohibit');
  refuse('a', '10.42.0.0/16', 'blackhole');
  refuse('r', '10.30.0.0/16', 'unreachable');
  refuse('r', '10.31.0.0/16', 'prohibit');
  refuse('r', '10.32.0.0/16', 'blackhole');
  return made;
}
function blank(text: string): string {
  return text.replace(/\d+\.\d{3} ms/g, 'T');
}
function header(dst: string, hops = 30, bytes = 60): string {
  return `traceroute to ${dst} (${dst}), ${hops} hops max, ${bytes} byte packets`;
}
const SILENT = (hops: number, probes: number): string =>
  Array.from({ length: hops }, (_, at) => `\n${String(at + 1).padStart(2)} ${' *'.repeat(probes)}`).join('') +
  '\n';

describe('what traceroute prints', () => {
  test.each([
    ['-n 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T  T  T\n 2  10.2.0.2  T  T  T\n`, 0],
    [
      '10.2.0.2',
      `${header('10.2.0.2')}\n 1  10.1.0.1 (10.1.0.1)  T  T  T\n 2  10.2.0.2 (10.2.0.2)  T  T  T\n`,
      0,
    ],
    ['-n -I 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T  T  T\n 2  10.2.0.2  T  T  T\n`, 0],
    ['-n -U -q 1 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T\n 2  10.2.0.2  T\n`, 0],
    ['-nq 1 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T\n 2  10.2.0.2  T\n`, 0],
    ['-n -N 0 -q1 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T\n 2  10.2.0.2  T\n`, 0],
    ['-n --sport=40000 -q 2 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T  T\n 2  10.2.0.2  T  T\n`, 0],
    ['-n -z 0.1 -q 1 10.2.0.2', `${header('10.2.0.2')}\n 1  10.1.0.1  T\n 2  10.2.0.2  T\n`, 0],
    ['-n -f 2 -I -q 1 10.2.0.2', `${header('10.2.0.2')}\n 2  10.2.0.2  T\n`, 0],
    ['-n -m 1 10.2.0.2', `${header('10.2.0.2', 1)}\n 1  10.1.0.1  T  T  T\n`, 0],
    ['-n 127.0.0.1', `${header('127.0.0.1')}\n 1  127.0.0.1  T  T  T\n`, 0],
    ['-n 10.1.0.2', `${header('10.1.0.2')}\n 1  10.1.0.2  T  T  T\n`, 0],
    [
      'localhost',
      'traceroute to localhost (127.0.0.1), 30 hops max, 60 byte packets\n 1  localhost (127.0.0.1)  T  T  T\n',
      0,
    ],
    ['-n 10.30.0.1', `${header('10.30.0.1')}\n 1  10.1.0.1  T !H  T !H  T !H\n`, 0],
    ['-n -q 1 10.31.0.1', `${header('10.31.0.1')}\n 1  10.1.0.1  T !X\n`, 0],
    ['-n -q 1 10.50.0.1', `${header('10.50.0.1')}\n 1  10.1.0.1  T !N\n`, 0],
    ['-n -w 1 -m 3 10.32.0.1', header('10.32.0.1', 3) + SILENT(3, 3), 0],
    ['-n -q 2 -N 3 -m 3 -w 1 10.1.0.99', header('10.1.0.99', 3) + SILENT(3, 2), 0],
    ['-n -q 3 10.1.0.99', `${header('10.1.0.99')}\n 1  10.1.0.2  T !H  T !H  T !H\n`, 0],
    ['-n -I -q 1 10.1.0.98', `${header('10.1.0.98')}\n 1  10.1.0.2  T !H\n`, 0],
    [
      '-n -F -q 1 10.2.0.2 1450',
      `${header('10.2.0.2', 30, 1450)}\n 1  10.1.0.1  T\n 2  10.1.0.1  T !F-1400\n`,
      0,
    ],
    ['-n -F -q 2 -N 1 10.2.0.2 1600', `${header('10.2.0.2', 30, 1600)}\n 1  *  T !F-1500 *  T !F-1500\n`, 0],
    ['-n -F -I -q 3 -N 1 10.2.0.2 1600', `${header('10.2.0.2', 30, 1600)}\n 1  *  T !F-1500 * *\n`, 0],
    ['-n -q 2 10.2.0.2 3000', `${header('10.2.0.2', 30, 3000)}\n 1  10.1.0.1  T  T\n 2  10.2.0.2  T  T\n`, 0],
    ['-n -q 1 10.2.0.2 10', `${header('10.2.0.2', 30, 28)}\n 1  10.1.0.1  T\n 2  10.2.0.2  T\n`, 0],
    ['-n 10.40.0.1', `${header('10.40.0.1')}\nconnect: No route to host\n`, 1],
    ['-n 10.41.0.1', `${header('10.41.0.1')}\nconnect: Permission denied\n`, 1],
    ['-n 10.42.0.1', `${header('10.42.0.1')}\nconnect: Invalid argument\n`, 1],
    ['-n -I 10.40.0.1', '\nconnect: No route to host\n', 1],
    ['-n -i nope 10.2.0.2', `${header('10.2.0.2')}\nsetsockopt SO_BINDTODEVICE: No such device\n`, 1],
    ['-n -s 9.9.9.9 10.2.0.2', `${header('10.2.0.2')}\nbind: Cannot assign requested address\n`, 1],
    ['-n -I -s 9.9.9.9 10.2.0.2', '\nbind: Cannot assign requested address\n', 1],
  ])('%s', (args, output, exit) => {
    const outcome = runProgram(net(), 'a', traceroute, args);
    expect(blank(outcome.output)).toBe(output);
    expect(outcome.exit).toBe(exit);
  });

  test.each([
    [
      'foo',
      'foo: Temporary failure in name resolution\nCannot handle "host" cmdline arg `foo\' on position 1 (argc 1)\n',
    ],
    ['-n', 'Specify "host" missing argument.\n'],
    ['-n -q 11 10.2.0.2', 'no more than 10 probes per hop\n'],
    ['-n -q 0 10.2.0.2', 'no more than 10 probes per hop\n'],
    ['-n -m 256 10.2.0.2', 'max hops cannot be more than 255\n'],
    ['-n -m 0 10.2.0.2', 'first hop out of range\n'],
    ['-n -f 40 10.2.0.2', 'first hop out of range\n'],
    ['-n -w foo 10.2.0.2', "Cannot handle `-w' option with arg `foo' (argc 3)\n"],
    ['-w 1,foo 10.2.0.2', "Cannot handle `-w' option with arg `1,foo' (argc 2)\n"],
    ['-w -1 10.2.0.2', "bad wait specifications `-1,0,0' used\n"],
    ['-n -z -1 -q 1 10.2.0.2', "bad sendtime `-1' specified\n"],
    ['-x 10.2.0.2', "Bad option `-x' (argc 1)\n"],
    ['-nx 10.2.0.2', "Bad option `-x' (argc 1)\n"],
    ['-n -p', "Option `-p' (argc 2) requires an argument: `-p port'\n"],
    ['-nq1 10.2.0.2', "Option `-q' (argc 1) requires an argument: `-q nqueries'\n"],
    ['-q1n 10.2.0.2', "Cannot handle `-q' option with arg `1n' (argc 1)\n"],
    ['-n --queries 1 10.2.0.2', "Option `--queries' (argc 2) requires an argument: `--queries=nqueries'\n"],
    ['-n --quer=1 10.2.0.2', "Bad option `--quer=1' (with arg `1') (argc 2)\n"],
    ['--icmp=3 10.2.0.2', "Bad option `--icmp=3' (with arg `3') (argc 1)\n"],
    ['-n --sport=foo 10.2.0.2', "Cannot handle `--sport' option with arg `foo' (argc 2)\n"],
    [
      '-s foo 10.2.0.2',
      "foo: Temporary failure in name resolution\nCannot handle `-s' option with arg `foo' (argc 2)\n",
    ],
    ['-n 10.2.0.2 70000', 'too big packetlen 70000 specified\n'],
    ['-n 10.2.0.2 foo', 'Cannot handle "packetlen" cmdline arg `foo\' on position 2 (argc 3)\n'],
    ['-n 10.2.0.2 60 70', "Extra arg `70' (position 3, argc 4)\n"],
    ['-n -M foo 10.2.0.2', 'Unknown traceroute module foo\n'],
  ])('refuses %s', (args, output) => {
    const outcome = runProgram(net(), 'a', traceroute, args);
    expect(outcome.output).toBe(output);
    expect(outcome.exit).toBe(2);
  });

  test('short forms of addresses', () => {
    expect(runProgram(net(), 'a', traceroute, '-n -q 1 10.2.2').output).toContain(
      'traceroute to 10.2.2 (10.2.0.2),',
    );
  });

  test('waits MAX seconds for each of a burst at the same time', () => {
    const outcome = runProgram(net(), 'a', traceroute, '-n -q 1 -N 4 -m 4 -w 2 10.32.0.1');
    expect(outcome.seconds).toBeCloseTo(2, 3);
    const alone = runProgram(net(), 'a', traceroute, '-n -q 1 -N 1 -m 4 -w 2 10.32.0.1');
    expect(alone.seconds).toBeCloseTo(8, 3);
  });
});

describe('what it sends', () => {
  function sent(args: string): { ttl: number; tos: number; df: boolean; data: string }[] {
    const made = net();
    const frames: Uint8Array[] = [];
    const tap = made.sockets('a').capture('eth0', (bytes, _at, _dev, direction) => {
      if (direction === 'out' && bytes[12] === 8 && bytes[13] === 0) frames.push(bytes.slice(14));
    });
    expect(tap.ok).toBe(true);
    runProgram(made, 'a', traceroute, args);
    return frames.map((bytes) => {
      const packet = parseIpv4(bytes);
      if (isMalformed(packet)) throw new Error(packet.malformed);
      return { ttl: packet.ttl, tos: packet.tos, df: packet.dontFragment, data: toHex(bytes.subarray(20)) };
    });
  }
  const PATTERN = '404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f';

  test('16 probes at once, their ports counting up', () => {
    const frames = sent('-n -q 1 10.2.0.2');
    expect(frames.map(({ ttl }) => ttl)).toEqual(Array.from({ length: 16 }, (_, at) => at + 1));
    expect(frames.map(({ data }) => parseInt(data.slice(4, 8), 16) - 33434)).toEqual(
      frames.map((_, at) => at),
    );
    expect(frames.every(({ data, df }) => data.endsWith(PATTERN) && !df)).toBe(true);
  });
  test('-U keeps the port', () => {
    expect(sent('-n -U -q 1 -N 1 10.2.0.2').map(({ data }) => data.slice(4, 8))).toEqual(['0035', '0035']);
  });
  test('-I numbers from 1 or -p, with the pattern moved by the header', () => {
    const frames = sent('-n -I -q 1 -N 1 -t 16 10.2.0.2');
    expect(frames.map(({ data }) => data.slice(0, 4) + data.slice(12, 16))).toEqual(['08000001', '08000002']);
    expect(
      frames.every(
        ({ data, tos }) => data.slice(16) === `${PATTERN.slice(16)}6061626364656667` && tos === 16,
      ),
    ).toBe(true);
    expect(sent('-n -I -p 7 -q 1 -N 1 10.2.0.2').map(({ data }) => data.slice(12, 16))).toEqual([
      '0007',
      '0008',
    ]);
  });
  test('-F sets DF', () => {
    expect(sent('-n -F -q 1 -N 1 10.2.0.2').map(({ df }) => df)).toEqual([true, true]);
  });
});

describe('ICMP errors', () => {
  test.each([
    [11, 0, 0, '', false],
    [11, 1, 0, '!<11-1>', true],
    [3, 0, 0, '!N', true],
    [3, 1, 0, '!H', true],
    [3, 2, 0, '!P', true],
    [3, 3, 0, '', true],
    [3, 4, 1400, '!F-1400', true],
    [3, 5, 0, '!S', true],
    [3, 13, 0, '!X', true],
    [3, 14, 0, '!V', true],
    [3, 15, 0, '!C', true],
    [3, 99, 0, '!<99>', true],
    [12, 0, 0, '!<12-0>', true],
  ])('type %i code %i', (type, code, mtu, error, final) => {
    expect(verdict(type, code, mtu)).toEqual({ error, final });
  });
});

describe('against a capture', () => {
  /** infra-container-1 – node1 – lan – node2 – infra-container-2 of the golden file, with its own names and MACs. */
  function build(golden: Golden): TestNet {
    const made = new TestNet();
    const spaces = Object.entries(golden.topology.namespaces);
    for (const [id, space] of spaces) made.netns(id, { forward: space.forward });
    for (const [id, space] of spaces) {
      for (const [name, device] of Object.entries(space.devices)) {
        if (made.get(id).device(name)) continue;
        if (device.kind === 'bridge')
          must(made.netlink(id).newLink({ name, kind: 'bridge', mac: mac(device.mac) }));
        else {
          const [peerId, peerName] = device.peer ?? ['', ''];
          const peer = golden.topology.namespaces[peerId]?.devices[peerName];
          made.veth(`${id}:${name} ${device.mac}`, `${peerId}:${peerName} ${peer?.mac ?? ''}`);
        }
      }
    }
    for (const [id, space] of spaces) {
      for (const [name, device] of Object.entries(space.devices)) {
        if (device.master) must(made.netlink(id).setLink(name, { master: device.master }));
        must(made.netlink(id).setLink(name, { up: true }));
        for (const address of device.addr) made.addr(id, name, address);
      }
      for (const line of space.routes) {
        const [dst = '', , gateway = '', , dev = ''] = line.split(' ');
        made.route(id, dst, gateway, dev);
      }
    }
    return made;
  }

  test('the frames and the lines of traceroute across host-gw', () => {
    const golden = loadGolden('hostgw-traceroute');
    const [action] = golden.actions;
    const made = build(golden);
    const seen: Uint8Array[] = [];
    made.sockets('infra-container-1').capture('eth0', (bytes) => seen.push(bytes.slice()));
    const args = (action?.cmd ?? '').replace(/^traceroute /, '');
    const outcome = runProgram(made, 'infra-container-1', traceroute, args);
    expect(blank(outcome.output)).toBe(blank(action?.stdout ?? 'nothing recorded'));
    const wanted = golden.frames
      .filter((frame) => frame.ns === 'infra-container-1' && frame.dev === 'eth0')
      .slice(0, seen.length);
    expect(seen.length).toBe(8);
    seen.forEach((bytes, at) => {
      const frame = wanted[at];
      const expected = fromHex(frame?.hex ?? '');
      for (const [offset, length] of frame?.vary ?? []) {
        expected.fill(0, offset, offset + length);
        bytes.fill(0, offset, offset + length);
      }
      expect(toHex(bytes)).toBe(toHex(expected));
    });
  });
});
