import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { World } from '../sim/index';
import { catalogue, scenarioFromJson, scenarioFromManifest } from './index';
import { scenarioJsonSchema } from './json-schema';

const MINIMAL = { version: 1, machines: [{ name: 'a' }] };

function problems(value: unknown): string[] {
  const loaded = scenarioFromJson(typeof value === 'string' ? value : JSON.stringify(value));
  if (loaded.ok) return [];
  for (const { message } of loaded.error) expect(message.zh).not.toBe('');
  return loaded.error.map(({ place, message }) => `${place}: ${message.en}`);
}
const machine = (more: object) => ({ ...MINIMAL, machines: [{ name: 'a', ...more }] });

describe('a scenario file', () => {
  it('may be as small as one machine', () => {
    expect(problems(MINIMAL)).toEqual([]);
  });

  it.each([
    ['{"version": 1,\n "machines": [}', /^line 2: this is not valid JSON/],
    [[], /^\(top level\): expected an object/],
    [{ ...MINIMAL, version: 2 }, /^version: expected version 1, found 2/],
    [{ version: 1 }, /^machines: is missing/],
    [{ ...MINIMAL, machnes: [] }, /^machnes: is not a field of this object/],
    [
      machine({ nics: [{ name: 'eth0', mac: 'xyz' }] }),
      /^machines\[0\]\.nics\[0\]\.mac: expected a MAC address .*found "xyz"/,
    ],
    [
      machine({ nics: [{ name: 'eth0', mac: '01:00:5e:00:00:01' }] }),
      /^machines\[0\]\.nics\[0\]\.mac: .*group address/,
    ],
    [
      machine({ nics: [{ name: 'eth0', addresses: ['10.0.0.300/24'] }] }),
      /^machines\[0\]\.nics\[0\]\.addresses\[0\]: /,
    ],
    [machine({ nics: [{ name: 'eth0', mtu: 20 }] }), /^machines\[0\]\.nics\[0\]\.mtu: expected an MTU/],
    [machine({ nics: [{ name: 'eth0' }] }), /^machines\[0\]\.nics\[0\]\.cable: no cable/],
    [
      machine({ nics: [{ name: 'eth0', cable: { switch: 'lan' } }] }),
      /cable\.switch: there is no switch "lan"/,
    ],
    [
      machine({ nics: [{ name: 'eth0', cable: { machine: 'b', nic: 'eth0' } }] }),
      /cable: there is no other NIC "eth0"/,
    ],
    [machine({ name: '../etc' }), /^machines\[0\]\.name: expected a name/],
    [
      { ...MINIMAL, machines: [{ name: 'a' }, { name: 'a' }] },
      /^machines\[1\]\.name: the name "a" is already taken/,
    ],
    [
      { ...MINIMAL, containers: [{ name: 'c', machine: 'b' }] },
      /^containers\[0\]\.machine: there is no machine "b"/,
    ],
    [{ ...MINIMAL, pods: [{ name: 'p', machine: 'a' }] }, /^machines\[0\]\.cni: without flannel/],
    [
      { ...MINIMAL, journal: [{ netns: 'b', command: 'ping x' }] },
      /^journal\[0\]\.netns: there is no network namespace "b"/,
    ],
    [{ ...MINIMAL, flannel: { netConf: {} } }, /^etcd: flannel keeps its subnets in etcd/],
    [
      { ...MINIMAL, etcd: { on: 'a' }, flannel: { netConf: { Network: '10.0.0.0/30' } } },
      /^flannel\.netConf\.Network: network is too small/,
    ],
    [
      {
        ...MINIMAL,
        etcd: { on: 'a' },
        flannel: { netConf: { Network: '10.0.0.0/8', SubnetMin: '10.0.0.5' } },
      },
      /^flannel\.netConf\.SubnetMin: SubnetMin is not on a SubnetLen boundary/,
    ],
    [
      { ...MINIMAL, setup: [{ netns: 'a', command: 'no-such-command' }] },
      /^setup\[0\]: `no-such-command` failed: .*command not found/,
    ],
    [{ version: 1, script: 'for i in 1' }, /^script, line 1: control flow/],
    ['x'.repeat(1_000_001), /at most 1000000 are read/],
  ])('is refused with the place and what was expected: %j', (value, wanted) => {
    expect(problems(value)[0]).toMatch(wanted);
  });

  it('is never answered with an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        scenarioFromJson(JSON.stringify(value));
      }),
    );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('machines', 'switches', 'pods', 'flannel', 'journal', 'setup', 'etcd'),
        (value, key) => {
          scenarioFromJson(JSON.stringify({ ...MINIMAL, [key]: value }));
        },
      ),
    );
  });

  it('joins two machines whichever of them names the other', () => {
    const one = {
      name: 'a',
      nics: [{ name: 'eth0', addresses: ['10.0.0.1/24'], cable: { machine: 'b', nic: 'eth1' } }],
    };
    const other = { name: 'b', nics: [{ name: 'eth1', addresses: ['10.0.0.2/24'] }] };
    for (const machines of [
      [one, other],
      [other, one],
    ]) {
      const loaded = scenarioFromJson(JSON.stringify({ version: 1, machines }));
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
      const world = World.open(loaded.value.scenario);
      const links = world.trace.events.filter(
        (event) => event.kind === 'change' && event.table === 'link' && event.key !== '000001',
      );
      expect(new Set(links.map((event) => event.netns))).toEqual(new Set(['a', 'b']));
    }
  });

  it('says what is not built', () => {
    const file = {
      ...MINIMAL,
      etcd: { on: 'a' },
      flannel: { netConf: { Network: '10.0.0.0/16', Backend: { Type: 'wireguard' } } },
    };
    const loaded = scenarioFromJson(JSON.stringify(file));
    expect(loaded.ok && loaded.value.notes.map((note) => note.en)).toEqual([
      expect.stringContaining('"wireguard" is not built yet'),
    ]);
  });
});

describe('the published schema', () => {
  it('is current (`npm run -s sim -- schema > public/scenario.schema.json`)', () => {
    const path = new URL('../../public/scenario.schema.json', import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe(scenarioJsonSchema());
  });
});

/** Commands of opening journals that are meant to fail, by their place, with their exit code. */
const FAILING: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  'flannel-mtu': { 1: 1, 3: 1 },
  'cni0-wrong-route': { 0: 1 },
  'host-gw-two-subnets': { 1: 2, 2: 1, 3: 1, 5: 1 },
};

describe('the catalogue', () => {
  it('lists networks by group, then the scripts', () => {
    const groups = catalogue.map(({ group }) => group);
    expect([...new Set(groups)]).toEqual(['docker', 'flannel', 'routes', 'script']);
    expect(groups).toEqual([...groups].sort());
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
  });

  it.each(catalogue.map((entry) => [entry.id, entry] as const))(
    '%s loads, and the commands of its journal succeed or fail as they are meant to',
    (_id, entry) => {
      expect(entry.journal.length).toBeGreaterThan(0);
      const world = World.open(entry.load());
      expect(world.setupFailures).toEqual([]);
      world.execute(entry.journal);
      world.finish();
      const exits = world.trace.events.flatMap((event) =>
        event.kind === 'exit' && event.seq >= world.trace.upSeq ? [event.exit] : [],
      );
      expect(exits).toEqual(entry.journal.map((_, i) => FAILING[entry.id]?.[i] ?? 0));
    },
  );

  it.each(catalogue.map((entry) => [entry.id, entry] as const))(
    '%s is quiet before the journal begins',
    (_id, entry) => {
      const { trace } = World.open(entry.load(), {});
      const last = trace.events.findLast((event) => event.kind === 'tx' || event.kind === 'rx');
      expect(last?.at ?? -Infinity).toBeLessThan(-100_000_000);
      // flanneld adds flannel0's route whether its address has brought it or not.
      const refused = trace.events.filter(
        (event) =>
          event.kind === 'netlink' &&
          event.error !== undefined &&
          !/^ip route add \S+ dev flannel0\b/.test(event.text),
      );
      // host-gw needs a gateway on the link: that the kernel refuses is what this one shows.
      expect(refused.length).toBe(entry.id === 'host-gw-two-subnets' ? 2 : 0);
      expect(trace.end).toBe(0);
    },
  );

  it.each(catalogue.map((entry) => [entry.id, entry] as const))(
    '%s has texts in both languages',
    (_id, entry) => {
      for (const text of [entry.title, entry.summary, entry.lesson]) {
        expect(text.en.length).toBeGreaterThan(5);
        expect(text.zh).toMatch(/[\u4e00-\u9fff]|Flannel/);
        expect(text.en).not.toMatch(/[\u4e00-\u9fff]/);
      }
    },
  );
});

function manifest(name: string): string {
  return readFileSync(new URL(`./testdata/${name}`, import.meta.url), 'utf8');
}

describe("flannel's manifest", () => {
  it.each([
    ['kube-flannel-today.yml', 'vxlan'],
    ['kube-flannel-host-gw.yml', 'host-gw'],
  ])('%s becomes a cluster of two nodes with %s, whose pods reach each other', (file, backend) => {
    const loaded = scenarioFromManifest(manifest(file));
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { scenario, journal, title } = loaded.value;
    expect(title.en).toBe(`Two nodes with flannel ${backend} on 10.244.0.0/16`);
    const world = World.open(scenario);
    world.execute(journal);
    const output = world.trace.events
      .flatMap((event) => (event.kind === 'output' ? [event.text] : []))
      .join('');
    expect(output).toContain('64 bytes from 10.244.1.3: icmp_seq=1 ttl=62');
    const names = world.trace.events.flatMap((event) =>
      event.kind === 'change' && event.table === 'link' && event.after
        ? [(event.after as { ifname: string }).ifname]
        : [],
    );
    expect(names).toContain('cni0');
    expect(names.includes('flannel.1')).toBe(backend === 'vxlan');
  });

  it("runs flanneld as the DaemonSet's args say, without one with etcd", () => {
    const flannel = (file: string) => {
      const loaded = scenarioFromManifest(manifest(file));
      return loaded.ok ? loaded.value.scenario : undefined;
    };
    const today = flannel('kube-flannel-today.yml');
    expect(today?.flannel).toMatchObject({ kubeSubnetMgr: true, ipMasq: true });
    expect(today?.etcd).toBeUndefined();
    const old = flannel('kube-flannel-host-gw.yml');
    expect(old?.flannel).toMatchObject({ kubeSubnetMgr: false, ipMasq: false });
    expect(old?.etcd).toEqual({ on: 'node1' });
  });

  it('says plainly what is not built', () => {
    const today = scenarioFromManifest(manifest('kube-flannel-today.yml'));
    const old = scenarioFromManifest(manifest('kube-flannel-host-gw.yml'));
    const text = (loaded: typeof today) =>
      loaded.ok ? loaded.value.notes.map((note) => note.en).join('\n') : '';
    expect(text(today)).toContain('"portmap" is not built yet');
    expect(text(today)).not.toContain('--kube-subnet-mgr');
    expect(text(today)).not.toContain('--ip-masq');
    expect(text(old)).toContain('the old .conf form');
  });

  const today = manifest('kube-flannel-today.yml');
  const lineOf = (part: string) => `line ${today.slice(0, today.indexOf(part)).split('\n').length}`;
  it.each([
    ['kind: Pod', 'line 1', 'no ConfigMap named kube-flannel-cfg'],
    ['a: [1,\nb: 2', 'line 2', 'not valid YAML'],
    [today.replace('"10.244.0.0/16"', '"10.244.0.0/33"'), lineOf('"Network"'), 'Network'],
    [
      today.replace('"EnableNFTables": false', '"EnableNFTables": "no"'),
      lineOf('"EnableNFTables"'),
      'is not true or false',
    ],
    [today.replace('"type": "flannel"', '"type": "bridge"'), lineOf('"type"'), 'no plugin of type "flannel"'],
    [
      today.replace('"Type": "vxlan"', '"Type": "ipsec"'),
      'net-conf.json: Backend.Type',
      '"ipsec" is not built yet',
    ],
    [today.replace('net-conf.json:', 'net.json:'), lineOf('kind: ConfigMap'), 'has no "net-conf.json"'],
  ])('is refused by line (%#)', (text, place, why) => {
    const loaded = scenarioFromManifest(text);
    expect(loaded.ok).toBe(false);
    if (loaded.ok) return;
    expect(loaded.error[0]?.place).toBe(place);
    expect(loaded.error[0]?.message.en).toContain(why);
  });

  it('builds DirectRouting: nodes on one link route to each other without encapsulation', () => {
    const text = today.replace('"Type": "vxlan"', '"Type": "vxlan", "DirectRouting": true');
    const loaded = scenarioFromManifest(text);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const world = World.open(loaded.value.scenario);
    world.execute(loaded.value.journal);
    const { events } = world.trace;
    expect(events.some((event) => event.kind === 'encap')).toBe(false);
    expect(events.flatMap((event) => (event.kind === 'output' ? [event.text] : [])).join('')).toContain(
      'ttl=62',
    );
  });
});
