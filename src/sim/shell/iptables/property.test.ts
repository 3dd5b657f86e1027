/** What is saved can be restored: save, restore, save again gives the same text. Nonsense ends with one clear error. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NetfilterTerminal } from './testing/terminal';

const part = (...texts: string[]) => fc.constantFrom('', ...texts);
const rule = fc
  .tuple(
    part('-s 10.0.0.0/8', '! -s 10.1.2.3', '-s 10.0.0.0/255.0.255.0'),
    part('-d 192.168.0.0/16', '! -d 1.2.3.4/31'),
    part('-i eth0', '! -i veth+'),
    part(
      '-p tcp --dport 80',
      '-p udp --sport 53:99',
      '-p icmp --icmp-type 8',
      '-p 47',
      '-p tcp --syn',
      '-p tcp -m multiport --dports 1,5:9',
    ),
    part(
      '-m conntrack --ctstate NEW,INVALID',
      '-m state --state RELATED',
      '-m mark ! --mark 0x1/0xff',
      '-m limit --limit 7/min',
    ),
    part(
      '-m comment --comment "a \'b\' c"',
      '-m comment --comment plain',
      '-m addrtype --dst-type LOCAL',
      '-m physdev --physdev-in p+',
      '-m physdev ! --physdev-in p1 --physdev-out p2 --physdev-is-bridged',
      '-m set --match-set IPS src',
      '-m set ! --match-set NETS dst',
      '-m set --match-set PORTS src,dst',
    ),
    part(
      '-j ACCEPT',
      '-j DROP',
      '-j MINE',
      '-g OTHER',
      '-j LOG --log-prefix "x: "',
      '-j MARK --or-mark 3',
      '-j REJECT',
    ),
  )
  .map((words) => words.filter((word) => word !== '').join(' '));

const SETS = { IPS: 'hash:ip', NETS: 'hash:net', PORTS: 'hash:ip,port' };

describe('save and restore', () => {
  test("are each other's inverse, counters and all", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('FORWARD', 'MINE', 'OTHER'), rule), { maxLength: 12 }),
        (rules) => {
          const sets = (into: NetfilterTerminal): void => {
            for (const [name, type] of Object.entries(SETS))
              into.run(`ipset create ${name} ${type} initval 1`);
            into.run('ipset add NETS 10.0.0.0/8');
          };
          const terminal = new NetfilterTerminal();
          sets(terminal);
          for (const name of ['MINE', 'OTHER']) terminal.run(`iptables -N ${name}`);
          rules.forEach(([chain, words], at) => {
            // A chain may not lead to itself or back.
            const safe =
              chain === 'OTHER'
                ? words.replace(/-[jg] (MINE|OTHER)/, '')
                : chain === 'MINE'
                  ? words.replace('-j MINE', '')
                  : words;
            expect(terminal.run(`iptables -A ${chain} -c ${at} ${at * 60} ${safe}`)).toMatchObject({
              stderr: '',
              exit: 0,
            });
          });
          const saved = terminal.run('iptables-save -c').stdout;
          const other = new NetfilterTerminal();
          if (saved.includes('--match-set'))
            expect(other.run('iptables-restore -c', saved).stderr).toContain("doesn't exist");
          sets(other);
          expect(other.run('iptables-restore -c', saved)).toEqual({ stdout: '', stderr: '', exit: 0 });
          expect(other.run('iptables-save -c').stdout).toBe(saved);
          expect(other.run('ipset save').stdout.replace(/^add.*$/gm, '')).toBe(
            terminal.run('ipset save').stdout.replace(/^add.*$/gm, ''),
          );
          expect(other.run('ipset list -t').stdout).toBe(terminal.run('ipset list -t').stdout);
          expect(
            other
              .run('iptables -S')
              .stdout.split('\n')
              .filter((line) => line.startsWith('-A')),
          ).toHaveLength(rules.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a restore that fails leaves the table as it was', () => {
    const terminal = new NetfilterTerminal();
    terminal.run('iptables -A INPUT -s 10.0.0.1 -j DROP');
    const before = terminal.run('iptables-save').stdout;
    const broken = '*filter\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -j A\nCOMMIT\n';
    expect(terminal.run('iptables-restore', broken)).toEqual({
      stdout: '',
      stderr: 'iptables-restore: line 7 failed\n',
      exit: 1,
    });
    expect(terminal.run('iptables-save').stdout).toBe(before);
  });

  test('nonsense ends, and says something', () => {
    const word = fc.constantFrom(
      '-A',
      '-D',
      '-j',
      '-m',
      '-p',
      '!',
      'INPUT',
      'tcp',
      '--dport',
      '80',
      '-s',
      '1.2.3.4',
      'mark',
      '--mark',
      '',
      '-t',
      'nat',
      '-g',
      '-',
      '--',
      '-X',
      '%s',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const line = words.map((each) => `'${each}'`).join(' ');
        const { exit, stderr } = new NetfilterTerminal().run(`iptables ${line}`);
        expect(exit === 0 || stderr !== '').toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
