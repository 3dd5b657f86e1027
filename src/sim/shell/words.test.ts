import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_LINE, splitWords } from './index';

describe('words', () => {
  test.each([
    ['ip link', ['ip', 'link']],
    ['  ip\t link  ', ['ip', 'link']],
    ['', []],
    ['   # only a comment', []],
    ['ip route # show', ['ip', 'route']],
    ['echo a#b', ['echo', 'a#b']],
    [`echo 'a  b' "c \\" d" e\\ f`, ['echo', 'a  b', 'c " d', 'e f']],
    [`echo "a\\b" '' ""`, ['echo', 'a\\b', '', '']],
    [`echo a'b'"c"d`, ['echo', 'abcd']],
    ['echo 5$ cost$', ['echo', '5$', 'cost$']],
    [`echo '$HOME' '|' '>'`, ['echo', '$HOME', '|', '>']],
    ['ETCDCTL_API=2 etcdctl get /a', ['ETCDCTL_API=2', 'etcdctl', 'get', '/a']],
    ['echo 1 > /proc/sys/net/ipv4/ip_forward', ['echo', '1', '>', '/proc/sys/net/ipv4/ip_forward']],
    ['echo 1 >/proc/sys/net/ipv4/ip_forward', ['echo', '1', '>', '/proc/sys/net/ipv4/ip_forward']],
    ['echo 1>/proc/sys/net/ipv4/ip_forward', ['echo', '1', '>', '/proc/sys/net/ipv4/ip_forward']],
  ])('%s', (line, words) => {
    expect(splitWords(line)).toEqual({ ok: true, value: words });
  });

  test.each([
    ['ip link | grep eth0', '"|" pipes into another command'],
    ['ping -c 1 10.0.0.1 && ip neigh', '"&&" runs a second command when the first succeeded'],
    ['false || true', '"||" runs a second command when the first failed'],
    ['sleep 1; sleep 2', '";" separates commands'],
    ['sleep 1 &', '"&" runs a command in the background'],
    ['ip link > /tmp/out', '">" redirects into a file'],
    ['ip link > /proc/sys/net/ipv4/ip_forward', '">" redirects into a file'],
    ['echo a >> /tmp/out', '">>" appends to a file'],
    ['cat < /tmp/in', '"<" reads from a file'],
    ['(ip link)', '"(" starts a subshell'],
    ['ping $HOST', '"$" puts in a variable'],
    ['echo "$(date)"', '"$" puts in a variable'],
    ['echo `date`', '"`" puts in the output of another command'],
    [`echo 'open`, "unexpected end of line while looking for matching `''"],
    ['echo "open', 'unexpected end of line while looking for matching `"\''],
    ['x'.repeat(MAX_LINE + 1), `The command is longer than ${MAX_LINE} characters.`],
  ])('refuses %s', (line, start) => {
    const split = splitWords(line);
    expect(split.ok ? '' : split.error).toContain(start);
  });

  test('a quoted word comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 }), { maxLength: 6 }), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
        expect(splitWords(line)).toEqual({ ok: true, value: words });
      }),
      { seed: 1 },
    );
  });
});
