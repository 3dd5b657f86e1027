/** nc, curl, nginx, ss: words, exit codes, and what went over the wire. Texts were printed by the real tools. */
import { describe, expect, test } from 'vitest';
import { A, B, brief, pair, pass, sent } from '../../kernel/socket/tcp/testing/talk';
import { ip, must, type TestNet } from '../../kernel/testing/net';
import { NetfilterTerminal } from '../iptables/testing/terminal';
import { splitWords } from '../index';
import { begin, type Running } from './testing/session';

/** Runs a line in `a` with a server of each kind in `b`. */
function ask(
  line: string,
  seconds = 10,
  serve = 'nginx',
  prepare?: (net: TestNet) => void,
): Running & { net: TestNet } {
  const net = pair();
  prepare?.(net);
  const server = begin(net, 'b', serve);
  expect(server.exit).toBeUndefined();
  const running = begin(net, 'a', line);
  pass(net, seconds);
  return Object.assign(running, { net });
}
const HEAD = `HTTP/1.1 200 OK\r
Server: nginx/1.27.0\r
Date: Thu, 01 Jan 1970 00:00:00 GMT\r
Content-Type: text/plain\r
Content-Length: 83\r
Connection: keep-alive\r
\r
`;
const BODY = `Server address: ${B}:80\nServer name: b\nRemote address: ${A}\nURI: /\n`;

describe('curl and nginx', () => {
  test('the conversation on the wire is the real one', () => {
    const { net, stdout, stderr, exit } = ask(`curl http://${B}/`);
    expect({ stdout, stderr, exit }).toEqual({ stdout: BODY, stderr: '', exit: 0 });
    expect(brief(net)).toEqual([
      'a S',
      'b S.',
      'a .',
      'a P. 72',
      'b .',
      `b P. ${HEAD.length + BODY.length}`,
      'a .',
      'a F.',
      'b F.',
      'a .',
    ]);
    expect(sent(net).map(({ window }) => window)).toEqual([64240, 65160, 63, 63, 64, 64, 63, 63, 64, 63]);
  });

  test.each([
    [`curl ${B}`, BODY, '', 0],
    [`curl -I http://${B}/`, HEAD.replace('83', String(BODY.length)), '', 0],
    [`curl -i http://${B}/`, HEAD.replace('83', String(BODY.length)) + BODY, '', 0],
    [`curl -s -o /dev/null -w '%{http_code}\\n' http://${B}/`, '200\n', '', 0],
    [
      `curl http://${B}:91/`,
      '',
      `curl: (7) Failed to connect to ${B} port 91 after 0 ms: Couldn't connect to server\n`,
      7,
    ],
    [`curl -s http://${B}:91/`, '', '', 7],
    [
      `curl -sS http://${B}:91/`,
      '',
      `curl: (7) Failed to connect to ${B} port 91 after 0 ms: Couldn't connect to server\n`,
      7,
    ],
    [`curl -sw '%{http_code} %{remote_ip}\\n' http://${B}:91/`, '000 \n', '', 7],
    [
      'curl http://10.8.0.1/',
      '',
      "curl: (7) Failed to connect to 10.8.0.1 port 80 after 0 ms: Couldn't connect to server\n",
      7,
    ],
    ['curl http://nohost/', '', 'curl: (6) Could not resolve host: nohost\n', 6],
    ['curl -m 1 http://10.9.0.78/', '', 'curl: (28) Connection timed out after 1000 milliseconds\n', 28],
    [
      'curl --connect-timeout 1 http://10.9.0.78/',
      '',
      'curl: (28) Failed to connect to 10.9.0.78 port 80 after 1000 ms: Timeout was reached\n',
      28,
    ],
    ['curl foo://10.9.0.2', '', 'curl: (1) Protocol "foo" not supported or disabled in libcurl\n', 1],
    ['curl http://10.9.0.2:99999/', '', 'curl: (3) URL using bad/illegal format or missing URL\n', 3],
    ['curl', '', "curl: try 'curl --help' or 'curl --manual' for more information\n", 2],
    [
      'curl --foo',
      '',
      "curl: option --foo: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
      2,
    ],
    [
      'curl -m x http://10.9.0.2/',
      '',
      "curl: option -m: expected a proper numerical parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
      2,
    ],
    [
      'curl -m',
      '',
      "curl: option -m: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
      2,
    ],
  ])('%s', (line, stdout, stderr, exit) => {
    const heard = ask(line);
    expect([heard.stdout, heard.stderr, heard.exit]).toEqual([stdout, stderr, exit]);
  });

  test('curl -v tells both directions', () => {
    const { stderr } = ask(`curl -v http://${B}/x`);
    const length = BODY.length + 1;
    expect(stderr).toBe(`*   Trying ${B}:80...
* Connected to ${B} (${B}) port 80 (#0)
> GET /x HTTP/1.1
> Host: ${B}
> User-Agent: curl/7.88.1
> Accept: */*
> 
< HTTP/1.1 200 OK
< Server: nginx/1.27.0
< Date: Thu, 01 Jan 1970 00:00:00 GMT
< Content-Type: text/plain
< Content-Length: ${length}
< Connection: keep-alive
< 
* Connection #0 to host ${B} left intact
`);
  });

  test.each([
    ['nothing', 'nc -N -l 80', 52, 'Empty reply from server'],
    ['something else', 'echo hello world | nc -N -l 80', 1, 'Received HTTP/0.9 when not allowed'],
    [
      'too little',
      "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nabc' | nc -N -l 80",
      18,
      'transfer closed with 97 bytes remaining to read',
    ],
  ])('a server that says %s', (_, serve, code, text) => {
    const { stderr, exit } = ask(`curl http://${B}/`, 5, serve);
    expect([stderr, exit]).toEqual([`curl: (${code}) ${text}\n`, code]);
  });

  test('a server that says nothing in time, and one that resets', () => {
    const slow = ask(`curl -m 1 http://${B}/`, 5, 'nc -l -k 80');
    expect([slow.stderr, slow.exit]).toEqual([
      'curl: (28) Operation timed out after 1000 milliseconds with 0 bytes received\n',
      28,
    ]);
    const net = pair();
    const made = net.sockets('b').tcpListen({ port: 80 }, (socket) => ({ onData: () => socket.abort() }));
    expect(made.ok).toBe(true);
    const reset = begin(net, 'a', `curl http://${B}/`);
    pass(net, 1);
    expect([reset.stderr, reset.exit]).toEqual(['curl: (56) Recv failure: Connection reset by peer\n', 56]);
  });

  test('a second nginx on the same port gives up after five tries', () => {
    const net = pair();
    const first = begin(net, 'b', "nginx -g 'daemon off;'");
    const second = begin(net, 'b', 'nginx');
    pass(net, 5);
    expect(first.exit).toBeUndefined();
    expect([second.exit, second.stderr]).toEqual([
      1,
      'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n'.repeat(5) +
        'nginx: [emerg] still could not bind()\n',
    ]);
    expect(begin(net, 'b', 'nginx -x').stderr).toBe('nginx: invalid option: "x"\n');
    expect(begin(net, 'b', 'nginx foo').stderr).toBe('nginx: invalid option: "foo"\n');
    expect(begin(net, 'b', 'nginx -g').stderr).toBe('nginx: option "-g" requires parameter\n');
  });

  test('nonsense is a bad request', () => {
    const { stdout } = ask(`printf 'junk\\r\\n\\r\\n' | nc ${B} 80`);
    expect(stdout).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\nServer: nginx\/1.27.0\r\n.*\r\nContent-Type: text\/html\r\nContent-Length: 157\r\nConnection: close\r\n\r\n<html>/,
    );
  });
});

describe('nc', () => {
  test('a word through a pipe', () => {
    const net = pair();
    const server = begin(net, 'b', 'nc -l -v 90');
    const client = begin(net, 'a', `echo hello | nc -v -N ${B} 90`);
    pass(net, 1);
    expect([server.stdout, server.exit, client.exit]).toEqual(['hello\n', 0, 0]);
    expect(server.stderr).toMatch(/^Listening on 0.0.0.0 90\nConnection received on 10.9.0.1 \d+\n$/);
    expect(client.stderr).toBe(`Connection to ${B} 90 port [tcp/*] succeeded!\n`);
  });

  test.each([
    [`nc -z -v ${B} 80`, `Connection to ${B} 80 port [tcp/http] succeeded!\n`, 0],
    [`nc -z ${B} 80`, '', 0],
    [`nc -v ${B} 91`, `nc: connect to ${B} port 91 (tcp) failed: Connection refused\n`, 1],
    [
      `nc -zv ${B} 79-81`,
      `nc: connect to ${B} port 79 (tcp) failed: Connection refused\nConnection to ${B} 80 port [tcp/http] succeeded!\nnc: connect to ${B} port 81 (tcp) failed: Connection refused\n`,
      0,
    ],
    ['nc -v 10.8.0.1 80', 'nc: connect to 10.8.0.1 port 80 (tcp) failed: Network is unreachable\n', 1],
    ['nc -v 10.9.0.77 80', 'nc: connect to 10.9.0.77 port 80 (tcp) failed: No route to host\n', 1],
    [
      'nc -v -w 2 10.9.0.9 97',
      'nc: connect to 10.9.0.9 port 97 (tcp) timed out: Operation now in progress\n',
      1,
    ],
    [
      'nc -v nohost 80',
      'nc: getaddrinfo for host "nohost" port 80: Temporary failure in name resolution\n',
      1,
    ],
    ['nc 10.9.0.2', 'nc: missing port number\n', 1],
    ['nc -l', 'nc: missing port number\n', 1],
    ['nc -v 10.9.0.2 foo', 'nc: port number invalid: foo\n', 1],
    ['nc -w x 10.9.0.2 80', 'nc: timeout invalid: x\n', 1],
    ['nc -v 10.9.0.2 70000', 'nc: port number too large: 70000\n', 1],
  ])('%s', (line, stderr, exit) => {
    const heard = ask(line, 10, 'nginx', (net) => {
      must(net.netlink('a').newNeigh({ dev: 'eth0', dst: ip('10.9.0.9'), lladdr: 0x020000000099 }));
    });
    expect([heard.stderr, heard.exit]).toEqual([stderr, exit]);
  });

  test.each([
    ['tcp-reset', 'Connection refused'],
    ['icmp-host-prohibited', 'No route to host'],
    ['icmp-net-unreachable', 'Network is unreachable'],
  ])('REJECT with %s', (kind, text) => {
    const heard = ask(`nc -v ${B} 80`, 5, 'nginx', (net) => {
      new NetfilterTerminal(net, 'b').run(
        `iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with ${kind}`,
      );
    });
    expect(heard.stderr).toBe(`nc: connect to ${B} port 80 (tcp) failed: ${text}\n`);
  });

  test('UDP both ways', () => {
    const net = pair();
    const server = begin(net, 'b', 'echo back | nc -u -l 96');
    const client = begin(net, 'a', `echo there | nc -u -w 1 ${B} 96`);
    pass(net, 2);
    expect([server.stdout, client.stdout, client.exit]).toEqual(['there\n', 'back\n', 0]);
  });

  // As netcat-openbsd 1.219 did on Linux; on the wire: X, X, and one more a second, until a write is refused.
  test.each([
    ['nc -u -v -n -z', 95, '', 1, 1],
    ['nc -u -v -z', 96, `Connection to ${B} 96 port [udp/*] succeeded!\n`, 0, 5],
    ['nc -u -v -z', 53, `Connection to ${B} 53 port [udp/domain] succeeded!\n`, 0, 5],
    ['nc -u -v -n -z', 53, `Connection to ${B} 53 port [udp/*] succeeded!\n`, 0, 5],
    ['nc -u -v -n -z -w 1', 96, `Connection to ${B} 96 port [udp/*] succeeded!\n`, 0, 3],
    ['nc -u -n -z', 95, '', 0, 0],
    ['echo hi | nc -u -n -w 1', 95, '', 0, 1],
    ['echo hi | nc -u -v -n -w 1', 95, '', 1, 1],
    ['echo hi | nc -u -v -n -w 1', 96, `Connection to ${B} 96 port [udp/*] succeeded!\n`, 0, 4],
  ])('%s %i', (line, port, stderr, exit, datagrams) => {
    const net = pair();
    for (const open of [53, 96]) begin(net, 'b', `nc -u -l ${open}`);
    // Neighbours know each other, so that an answer is quick.
    begin(net, 'a', `nc -z ${B} 1`);
    pass(net, 1);
    const from = net.tracer.events.length;
    const heard = begin(net, 'a', `${line} ${B} ${port}`);
    pass(net, 6);
    expect([heard.stderr, heard.exit]).toEqual([stderr, exit]);
    const out = net.tracer.events.slice(from).flatMap((event) => {
      const frame = event.kind === 'tx' && event.netns === 'a' ? net.tracer.frames[event.frame] : undefined;
      return frame && frame.bytes[12] === 8 && frame.bytes[13] === 0 && frame.bytes[23] === 17 ? [frame] : [];
    });
    expect(out).toHaveLength(datagrams);
  });

  test('UDP without a way there', () => {
    const heard = begin(pair(), 'a', 'nc -u -v -n -w 1 8.8.8.8 9');
    expect([heard.stderr, heard.exit]).toEqual([
      'nc: connect to 8.8.8.8 port 9 (udp) failed: Network is unreachable\n',
      1,
    ]);
  });

  test('-q sends FIN when the input is over', () => {
    const { net, exit } = ask(`nc -q 1 ${B} 97`, 3, 'nc -l 97');
    expect(exit).toBe(0);
    const ends = sent(net).filter(({ flags }) => flags.includes('F'));
    expect(ends).toHaveLength(2);
  });

  test('a listener has one caller; the next waits, and is reset in the end', () => {
    const net = pair();
    const server = begin(net, 'b', 'nc -l 98');
    begin(net, 'a', `nc -w 3 ${B} 98`);
    pass(net, 1);
    expect(begin(net, 'b', 'ss -tln').stdout).toContain('0.0.0.0:98');
    const second = begin(net, 'a', `nc -v ${B} 98`);
    pass(net, 1);
    expect(second.stderr).toBe(`Connection to ${B} 98 port [tcp/*] succeeded!\n`);
    pass(net, 2);
    expect([server.exit, second.exit]).toEqual([0, 0]);
  });

  test('a taken port', () => {
    const net = pair();
    begin(net, 'b', 'nc -l 93');
    const second = begin(net, 'b', 'nc -l 93');
    expect([second.stderr, second.exit]).toEqual(['nc: Address already in use\n', 1]);
  });
});

describe('ss and netstat', () => {
  test('listeners, and what is left of connections', () => {
    const { net } = ask(`curl -s http://${B}/`);
    begin(net, 'b', 'nc -u -l 53');
    begin(net, 'a', `nc -k ${B} 80`);
    expect(begin(net, 'b', 'ss -lntu').stdout)
      .toBe(`Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
udp   UNCONN 0      0            0.0.0.0:53        0.0.0.0:*          
tcp   LISTEN 0      511          0.0.0.0:80        0.0.0.0:*          
`);
    expect(begin(net, 'b', 'ss -tl').stdout)
      .toBe(`State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      511          0.0.0.0:http      0.0.0.0:*          
`);
    expect(begin(net, 'b', 'ss -t').stdout).toBe(
      'State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n',
    );
    expect(begin(net, 'a', 'ss -tan').stdout).toMatch(
      /^State     Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\nTIME-WAIT 0      0           10.9.0.1:\d{5}     10.9.0.2:80 {9}\n$/,
    );
    expect(begin(net, 'b', 'netstat -tuln').stdout).toBe(`Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State      
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN     
udp        0      0 0.0.0.0:53              0.0.0.0:*                          
`);
  });
});

describe('the one pipe', () => {
  test.each([
    ['echo a | cat', false],
    ['ls | nc 10.9.0.2 80', false],
    ['echo a || nc 10.9.0.2 80', false],
    ['echo a | nc 10.9.0.2 80', true],
    ["printf 'a b\\n' |nc 10.9.0.2 80", true],
  ])('%s', (line, understood) => {
    expect(splitWords(line).ok).toBe(understood);
  });
});
