/**
 * `ss` of iproute2 6.1 and `netstat -tuln` of net-tools 2.10, written to something that is no terminal: columns no wider
 * than needed.
 *
 * Leaves out: filters, memory, timers, TCP internals, sockets that are not TCP or UDP, process ids.
 */
import type { SocketDumpRow } from '../../kernel/netlink';
import { serviceName } from '../iptables/names';
import { getopt } from '../options';
import { Exit, type Program } from '../program';

const LISTENING = new Set(['LISTEN', 'UNCONN']);
/** SS_CONN: what a plain `ss` shows. */
const CONNECTED = new Set([
  'ESTAB',
  'SYN-SENT',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'LAST-ACK',
  'CLOSING',
]);

/** Long options as letters. */
const LONG: Readonly<Record<string, string>> = {
  '--tcp': '-t',
  '--udp': '-u',
  '--listening': '-l',
  '--all': '-a',
  '--numeric': '-n',
  '--processes': '-p',
  '--ipv4': '-4',
  '--no-header': '-H',
};

export const ss: Program = {
  name: 'ss',
  group: 'probes',
  about: 'show sockets (-t TCP, -u UDP, -l listening, -a all, -n numbers, -p programs)',
  slots: () => ({ words: ['-t', '-u', '-l', '-a', '-n', '-p', '-tuln', '-tan'] }),
  run(ctx, args) {
    const { options, operands, problem } = getopt(
      args.map((word) => LONG[word] ?? word),
      'tulanp4H',
    );
    if (problem !== undefined)
      throw new Exit(255, `ss: ${problem}\nThis ss knows -t -u -l -a -n -p -4 -H.\n`);
    if (operands.length > 0) throw new Exit(1, 'ss: filters are not modelled here.\n');
    const has = (letter: string): boolean => options.some((one) => one.letter === letter);
    const both = has('t') === has('u');
    const rows = ctx.sockets.list().filter(({ protocol, state }) => {
      if (!both && protocol !== (has('t') ? 'tcp' : 'udp')) return false;
      if (has('a')) return true;
      return has('l') ? LISTENING.has(state) : CONNECTED.has(state);
    });
    ctx.print(table(rows, { netid: both, numeric: has('n'), processes: has('p'), header: !has('H') }));
    return 0;
  },
};

interface Column {
  readonly header: string;
  readonly right?: boolean;
  /** Stands before it, except in the first column. */
  readonly delimiter: string;
  readonly cell: (row: SocketDumpRow) => string;
}

function table(
  rows: readonly SocketDumpRow[],
  how: {
    readonly netid: boolean;
    readonly numeric: boolean;
    readonly processes: boolean;
    readonly header: boolean;
  },
): string {
  const port = (text: string): string => (how.numeric ? text : (serviceName(Number(text)) ?? text));
  const split = (endpoint = '0.0.0.0:*'): [string, string] => {
    const at = endpoint.lastIndexOf(':') + 1;
    return [endpoint.slice(0, at), port(endpoint.slice(at))];
  };
  const columns: Column[] = [
    ...(how.netid
      ? [{ header: 'Netid', delimiter: '', cell: ({ protocol }: SocketDumpRow) => protocol }]
      : []),
    { header: 'State', delimiter: ' ', cell: ({ state }) => state },
    { header: 'Recv-Q', delimiter: ' ', cell: ({ recvQ }) => String(recvQ) },
    { header: 'Send-Q', delimiter: ' ', cell: ({ sendQ }) => String(sendQ) },
    { header: 'Local Address:', right: true, delimiter: ' ', cell: ({ local }) => split(local)[0] },
    { header: 'Port', delimiter: '', cell: ({ local }) => split(local)[1] },
    { header: 'Peer Address:', right: true, delimiter: ' ', cell: ({ peer }) => split(peer)[0] },
    { header: 'Port', delimiter: '', cell: ({ peer }) => split(peer)[1] },
    {
      header: 'Process',
      delimiter: '',
      cell: ({ process, state }) =>
        how.processes && process !== '' && state !== 'TIME-WAIT' && state !== 'SYN-RECV'
          ? `users:(("${process}"))`
          : '',
    },
  ];
  const widths = columns.map(({ header, cell }) =>
    Math.max(how.header ? header.length : 0, ...rows.map((row) => cell(row).length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, at) => {
        const width = widths[at] ?? 0;
        return (
          (at > 0 ? (columns[at]?.delimiter ?? '') : '') +
          (columns[at]?.right ? text.padStart(width) : text.padEnd(width))
        );
      })
      .join('');
  const lines = rows.map((row) => line(columns.map(({ cell }) => cell(row))));
  if (how.header) lines.unshift(line(columns.map(({ header }) => header)));
  return lines.map((text) => `${text}\n`).join('');
}

/** netstat's names of the states. */
const NETSTAT: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED',
  'SYN-SENT': 'SYN_SENT',
  'SYN-RECV': 'SYN_RECV',
  'FIN-WAIT-1': 'FIN_WAIT1',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'LAST-ACK': 'LAST_ACK',
  UNCONN: '',
};

export const netstat: Program = {
  name: 'netstat',
  group: 'net-tools',
  about: 'show sockets (-t TCP, -u UDP, -l listening, -a all, -n numbers)',
  slots: () => ({ words: ['-tuln', '-tan'] }),
  run(ctx, args) {
    const { options, operands, problem } = getopt(args, 'tulan4');
    if (problem !== undefined || operands.length > 0)
      throw new Exit(3, `netstat: ${problem ?? 'only -t -u -l -a -n are modelled here'}\n`);
    const has = (letter: string): boolean => options.some((one) => one.letter === letter);
    const both = has('t') === has('u');
    const scope = has('a') ? 'servers and established' : has('l') ? 'only servers' : 'w/o servers';
    let text = `Active Internet connections (${scope})\n`;
    text += 'Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n';
    const rows = ctx.sockets.list().filter(({ protocol, state }) => {
      if (!both && protocol !== (has('t') ? 'tcp' : 'udp')) return false;
      return has('a') || LISTENING.has(state) === has('l');
    });
    // TCP before UDP, the other way round than ss.
    for (const row of [...rows].sort((a, b) =>
      a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0,
    )) {
      const state = NETSTAT[row.state] ?? row.state;
      const queued = row.state === 'LISTEN' ? 0 : row.sendQ;
      text += `${row.protocol.padEnd(5)} ${String(row.recvQ).padStart(6)} ${String(queued).padStart(6)} `;
      text += `${named(row.local, has('n')).padEnd(23)} ${named(row.peer ?? '0.0.0.0:*', has('n')).padEnd(23)} ${state.padEnd(11)}\n`;
    }
    ctx.print(text);
    return 0;
  },
};

function named(endpoint: string, numeric: boolean): string {
  if (numeric) return endpoint;
  const at = endpoint.lastIndexOf(':') + 1;
  const port = endpoint.slice(at);
  return endpoint.slice(0, at) + (serviceName(Number(port)) ?? port);
}
