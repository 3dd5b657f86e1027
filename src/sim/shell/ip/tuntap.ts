/**
 * `ip tuntap` (iptuntap.c): makes and deletes persistent TUN devices through /dev/net/tun, and lists what there is. TAP,
 * owners, packet information and several queues are refused.
 */
import { strerror, type Errno, type LinkRow } from '../../kernel/netlink';
import { Exit } from '../program';
import { garbage, isPrefixOf, notModelled, wrongArgument, type Args } from './args';
import { printJson, separator, type Ip } from './options';

const TUNTAP_USAGE = `Usage: ip tuntap { add | del | show | list | lst | help } [ dev PHYS_DEV ]
       [ mode { tun | tap } ] [ user USER ] [ group GROUP ]
       [ one_queue ] [ pi ] [ vnet_hdr ] [ multi_queue ] [ name NAME ]

Where: USER  := { STRING | NUMBER }
       GROUP := { STRING | NUMBER }
`;
const NOT_MODELLED = ['user', 'group', 'pi', 'one_queue', 'vnet_hdr', 'multi_queue'];

interface Wanted {
  name: string;
  mode?: 'tun' | 'tap';
}

export function runTuntap(ip: Ip): number | 'running' {
  const { args, ctx } = ip;
  // /dev/net/tun makes devices in the namespace of who opens it.
  if (ip.netns.id !== ctx.netns.id) {
    ctx.host.exec(ip.netns, ['ip', ...flags(ip), 'tuntap', ...args.rest()]);
    return 'running';
  }
  if (args.done) return show(ip);
  const word = args.take();
  if (isPrefixOf(word, 'add')) return change(ip, true);
  if (isPrefixOf(word, 'delete')) return change(ip, false);
  if (['show', 'lst', 'list'].some((name) => isPrefixOf(word, name))) return show(ip);
  if (isPrefixOf(word, 'help')) throw new Exit(255, TUNTAP_USAGE);
  throw new Exit(255, `Command "${word}" is unknown, try "ip tuntap help".\n`);
}

function flags({ options }: Ip): string[] {
  const { json, pretty, details, oneline } = options;
  return [json && '-j', pretty && '-p', details > 0 && '-d', oneline && '-o'].filter(
    (word) => word !== false,
  );
}

function validName(name: string): boolean {
  return name.length > 0 && name.length <= 15 && !/[\s/]/.test(name);
}

function readMode(wanted: Wanted, word: string): void {
  const mode = isPrefixOf(word, 'tun') ? 'tun' : isPrefixOf(word, 'tap') ? 'tap' : undefined;
  if (mode === undefined) throw new Exit(255, `Unknown tunnel mode "${word}"\n`);
  if (wanted.mode !== undefined && wanted.mode !== mode)
    throw new Exit(255, 'You managed to ask for more than one tunnel mode.\n');
  wanted.mode = mode;
}

function parse(args: Args): Wanted {
  const wanted: Wanted = { name: '' };
  while (!args.done) {
    const word = args.take();
    if (word === 'mode') readMode(wanted, args.take());
    else if (NOT_MODELLED.includes(word)) notModelled(`ip tuntap ${word}`);
    else if (word === 'dev') {
      const name = args.take();
      if (!validName(name)) wrongArgument(name, '"dev" not a valid ifname');
      wanted.name = name;
    } else if (isPrefixOf(word, 'help') && word !== 'name') throw new Exit(255, TUNTAP_USAGE);
    else {
      const name = word === 'name' ? args.take() : word;
      if (wanted.name !== '') garbage('name', name);
      if (!validName(name)) wrongArgument(name, '"name" not a valid ifname');
      wanted.name = name;
    }
  }
  if (wanted.mode === undefined) throw new Exit(1, 'You failed to specify a tunnel mode\n');
  if (wanted.mode === 'tap') notModelled('ip tuntap mode tap');
  return wanted;
}

/** tap_add_ioctl, tap_del_ioctl: the device stays, or not, when this process closes it. */
function change({ ctx, args }: Ip, add: boolean): number {
  const { name } = parse(args);
  const file = ctx.sockets.tun(name, {}, { exclusive: add });
  if (!file.ok) return refused(file.error);
  file.value.setPersist(add);
  file.value.close();
  return 0;
}
function refused(error: Errno): never {
  throw new Exit(1, `ioctl(TUNSETIFF): ${strerror[error]}\n`);
}

function show(ip: Ip): number {
  const { ctx, netlink, options } = ip;
  const links = netlink.getLinks().filter((link) => link.tun);
  if (options.json) {
    printJson(
      ip,
      links.map((link) => ({
        ifname: link.ifname,
        flags: ['tun', ...(link.tun?.persist ? ['persist'] : [])],
        processes: options.details > 0 ? holders(ip, link) : undefined,
      })),
    );
    return 0;
  }
  let text = '';
  for (const link of links) {
    text += `${link.ifname}: tun${link.tun?.persist ? ' persist' : ''}`;
    if (options.details > 0) {
      const attached = holders(ip, link).map(({ name, pid }) => `${name}(${pid})`);
      text += `${separator(options)}\tAttached to processes:${attached.join('')}`;
    }
    text += '\n';
  }
  ctx.print(text);
  return 0;
}

function holders({ ctx }: Ip, { tun }: LinkRow): { readonly name: string; readonly pid: number }[] {
  if (tun?.process === undefined) return [];
  return [{ name: tun.process, pid: ctx.host.service(tun.process)?.pid ?? 0 }];
}
