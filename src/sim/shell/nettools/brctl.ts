/** `brctl` of bridge-utils 1.7: show, showmacs, addbr, delbr, addif, delif, setageing, stp, hairpin. */
import type { Errno, LinkRow, Netlink, ProcessContext } from '../../kernel/netlink';
import { strerror } from '../../kernel/netlink';
import { Exit, type Program } from '../program';
import type { Place } from '../completion';
import { BRCTL_USAGE } from './usage';

const SECOND = 1_000_000_000;
/** libbridge waits for nothing: everything is done through the old ioctls and sysfs, so errors are plain errno texts. */
type Run = (ctx: ProcessContext, args: readonly string[]) => number;
interface Command {
  readonly args: number;
  readonly help: string;
  readonly run: Run | 'not modelled';
}

const COMMANDS: Readonly<Record<string, Command>> = {
  addbr: { args: 1, help: '<bridge>\t\tadd bridge', run: addBridge },
  delbr: { args: 1, help: '<bridge>\t\tdelete bridge', run: deleteBridge },
  addif: {
    args: 2,
    help: '<bridge> <device>\tadd interface to bridge',
    run: (ctx, args) => changePorts(ctx, args, true),
  },
  delif: {
    args: 2,
    help: '<bridge> <device>\tdelete interface from bridge',
    run: (ctx, args) => changePorts(ctx, args, false),
  },
  hairpin: { args: 3, help: '<bridge> <port> {on|off}\tturn hairpin on/off', run: setHairpin },
  setageing: { args: 2, help: '<bridge> <time>\t\tset ageing time', run: setAgeing },
  setbridgeprio: { args: 2, help: '<bridge> <prio>\t\tset bridge priority', run: 'not modelled' },
  setfd: { args: 2, help: '<bridge> <time>\t\tset bridge forward delay', run: 'not modelled' },
  sethello: { args: 2, help: '<bridge> <time>\t\tset hello time', run: 'not modelled' },
  setmaxage: { args: 2, help: '<bridge> <time>\t\tset max message age', run: 'not modelled' },
  setpathcost: { args: 3, help: '<bridge> <port> <cost>\tset path cost', run: 'not modelled' },
  setportprio: { args: 3, help: '<bridge> <port> <prio>\tset port priority', run: 'not modelled' },
  show: { args: 0, help: '[ <bridge> ]\t\tshow a list of bridges', run: show },
  showmacs: { args: 1, help: '<bridge>\t\tshow a list of mac addrs', run: showMacs },
  showstp: { args: 1, help: '<bridge>\t\tshow bridge stp info', run: 'not modelled' },
  stp: { args: 2, help: '<bridge> {on|off}\tturn stp on/off', run: setStp },
};

const BRIDGE_COMMANDS = Object.keys(COMMANDS).filter((name) => name !== 'addbr');

function slots(given: readonly string[]): Place {
  const [command, ...rest] = given;
  if (command === undefined) return { words: Object.keys(COMMANDS) };
  if (command === 'stp' && rest.length === 1) return { words: ['on', 'off'] };
  return { kinds: BRIDGE_COMMANDS.includes(command) && rest.length < 2 ? ['device'] : [] };
}

export const brctl: Program = {
  name: 'brctl',
  group: 'bridges',
  about: 'show, showmacs, addbr, delbr, addif, delif, setageing, stp (bridge-utils)',
  slots,
  run(ctx, words) {
    const [name, ...args] = words;
    if (name === undefined) return refuse(ctx, BRCTL_USAGE);
    if (name === '-V' || name === '--version') {
      ctx.print('bridge-utils, 1.7\n');
      return 0;
    }
    if (name === '-h' || name === '--help') {
      ctx.print(BRCTL_USAGE);
      return 0;
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command) {
      ctx.printError(`never heard of command [${name}]\n`);
      return refuse(ctx, BRCTL_USAGE);
    }
    if (args.length < command.args) {
      return refuse(ctx, `Incorrect number of arguments for command\nUsage: brctl ${name} ${command.help}\n`);
    }
    if (command.run === 'not modelled') return fail(ctx, `brctl ${name} is not modelled here.\n`);
    return command.run(ctx, args);
  },
};

function refuse(ctx: ProcessContext, text: string): number {
  ctx.print(text);
  return 1;
}
function fail(ctx: ProcessContext, text: string): number {
  ctx.printError(text);
  return 1;
}

function isBridge(netlink: Netlink, name: string): boolean {
  return netlink.getLink(name)?.kind === 'bridge';
}

// --- changing ----------------------------------------------------------------------------------------------------------

function addBridge(ctx: ProcessContext, [name = '']: readonly string[]): number {
  const done = ctx.netlink.newLink({ name, kind: 'bridge' });
  if (done.ok) return 0;
  if (done.error.errno === 'EEXIST') {
    return fail(ctx, `device ${name} already exists; can't create bridge with the same name\n`);
  }
  return fail(ctx, `add bridge failed: ${strerror[done.error.errno]}\n`);
}

function deleteBridge(ctx: ProcessContext, [name = '']: readonly string[]): number {
  const link = ctx.netlink.getLink(name);
  if (!link) return fail(ctx, `bridge ${name} doesn't exist; can't delete it\n`);
  if (link.kind !== 'bridge') return fail(ctx, `can't delete bridge ${name}: Operation not permitted\n`);
  if (link.flags.includes('UP')) return fail(ctx, `bridge ${name} is still up; can't delete it\n`);
  const done = ctx.netlink.delLink(name);
  return done.ok ? 0 : fail(ctx, `can't delete bridge ${name}: ${strerror[done.error.errno]}\n`);
}

function changePorts(ctx: ProcessContext, args: readonly string[], adding: boolean): number {
  const [bridge = '', ...devices] = args;
  for (const dev of devices) {
    const problem = adding ? addPort(ctx.netlink, bridge, dev) : removePort(ctx.netlink, bridge, dev);
    if (problem !== undefined) return fail(ctx, problem);
  }
  return 0;
}

function addPort(netlink: Netlink, bridge: string, dev: string): string | undefined {
  const link = netlink.getLink(dev);
  if (!link) return `interface ${dev} does not exist!\n`;
  if (!netlink.getLink(bridge)) return `bridge ${bridge} does not exist!\n`;
  if (link.master !== undefined)
    return `device ${dev} is already a member of a bridge; can't add it to bridge ${bridge}.\n`;
  if (link.kind === 'bridge') {
    return `device ${dev} is a bridge device itself; can't add a bridge device to a bridge device.\n`;
  }
  if (!isBridge(netlink, bridge)) return cannotAdd(dev, bridge, 'EOPNOTSUPP');
  const done = netlink.setLink(dev, { master: bridge });
  return done.ok ? undefined : cannotAdd(dev, bridge, done.error.errno);
}
function cannotAdd(dev: string, bridge: string, errno: Errno): string {
  return `can't add ${dev} to bridge ${bridge}: ${strerror[errno]}\n`;
}

function removePort(netlink: Netlink, bridge: string, dev: string): string | undefined {
  const link = netlink.getLink(dev);
  if (!link) return `interface ${dev} does not exist!\n`;
  if (!netlink.getLink(bridge)) return `bridge ${bridge} does not exist!\n`;
  if (link.master !== bridge) return `device ${dev} is not a port of ${bridge}\n`;
  const done = netlink.setLink(dev, { master: null });
  return done.ok ? undefined : `can't delete ${dev} from ${bridge}: ${strerror[done.error.errno]}\n`;
}

/** `strtod` in seconds. */
function setAgeing(ctx: ProcessContext, [bridge = '', time = '']: readonly string[]): number {
  if (!/^\d+(\.\d*)?$|^\.\d+$/.test(time)) return fail(ctx, 'bad ageing time value\n');
  if (!isBridge(ctx.netlink, bridge)) return fail(ctx, 'set ageing time failed: No such device\n');
  const done = ctx.netlink.setLink(bridge, { bridge: { ageingCs: Math.round(Number(time) * 100) } });
  return done.ok ? 0 : fail(ctx, `set ageing time failed: ${strerror[done.error.errno]}\n`);
}

function readSwitch(word: string): boolean | undefined {
  if (['on', 'yes', '1'].includes(word)) return true;
  return ['off', 'no', '0'].includes(word) ? false : undefined;
}

function setStp(ctx: ProcessContext, [bridge = '', word = '']: readonly string[]): number {
  const stp = readSwitch(word);
  if (stp === undefined) return fail(ctx, 'expect on/off for argument\n');
  if (!isBridge(ctx.netlink, bridge)) return fail(ctx, 'set stp status failed: No such device\n');
  const done = ctx.netlink.setLink(bridge, { bridge: { stp } });
  return done.ok ? 0 : fail(ctx, `set stp status failed: ${strerror[done.error.errno]}\n`);
}

function setHairpin(ctx: ProcessContext, [bridge = '', dev = '', word = '']: readonly string[]): number {
  const hairpin = readSwitch(word);
  if (hairpin === undefined) return fail(ctx, 'expect on/off for argument\n');
  const link = ctx.netlink.getLink(dev);
  if (!link || link.master !== bridge) return fail(ctx, `interface ${dev} does not exist!\n`);
  const done = ctx.netlink.setLink(dev, { port: { hairpin } });
  return done.ok
    ? 0
    : fail(ctx, `can't set ${dev} to hairpin on bridge ${bridge}: ${strerror[done.error.errno]}\n`);
}

// --- showing -----------------------------------------------------------------------------------------------------------

function show(ctx: ProcessContext, names: readonly string[]): number {
  const { netlink } = ctx;
  let text = 'bridge name\tbridge id\t\tSTP enabled\tinterfaces\n';
  let exit = 0;
  const links = netlink.getLinks();
  // Interfaces are listed by name, as scandir() sorts them.
  const bridges = links.filter((link) => link.kind === 'bridge').map(({ ifname }) => ifname);
  const wanted = names.length > 0 ? names : bridges.sort(byName);
  const problems: string[] = [];
  for (const name of wanted) {
    const bridge = netlink.getLink(name);
    if (bridge?.kind !== 'bridge') {
      problems.push(bridge ? `device ${name} is not a bridge!\n` : `bridge ${name} does not exist!\n`);
      exit = 1;
    } else text += bridgeLines(bridge, links);
  }
  // The heading comes with the first bridge found.
  if (problems.length < wanted.length) ctx.print(text);
  for (const problem of problems) ctx.printError(problem);
  return exit;
}
const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function bridgeLines(bridge: LinkRow, links: readonly LinkRow[]): string {
  const id = bridgeId(bridge);
  const ports = links
    .filter((link) => link.master === bridge.ifname)
    .map(({ ifname }) => ifname)
    .sort(byName);
  const [first = '', ...others] = ports;
  const head = `${bridge.ifname}\t\t${id}\t${bridge.bridge?.stp ? 'yes' : 'no'}\t\t${first}\n`;
  return head + others.map((port) => `\t\t\t\t\t\t\t${port}\n`).join('');
}

/** iproute2 writes `8000.2:42:ac:11:0:2`, brctl `8000.0242ac110002`. */
function bridgeId(bridge: LinkRow): string {
  const [priority = '8000', mac = ''] = (bridge.bridge?.bridgeId ?? '').split('.');
  const octets = mac.split(':').map((octet) => octet.padStart(2, '0'));
  return `${priority}.${octets.join('')}`;
}

function showMacs(ctx: ProcessContext, [bridge = '']: readonly string[]): number {
  const { netlink } = ctx;
  const link = netlink.getLink(bridge);
  if (!link) throw new Exit(1, 'read of forward table failed: No such device\n');
  if (link.kind !== 'bridge') throw new Exit(1, 'read of forward table failed: Operation not supported\n');
  const rows = netlink
    .getFdb({ br: bridge })
    .filter((row) => row.master === bridge && row.ifname !== bridge)
    .map((row) => ({ row, port: row.portNo ?? netlink.getLink(row.ifname)?.port?.no ?? 0 }))
    .sort((a, b) => byName(a.row.mac, b.row.mac));
  let text = 'port no\tmac addr\t\tis local?\tageing timer\n';
  for (const { row, port } of rows) {
    const local = row.state === 'permanent';
    const age = local || row.state === 'static' ? 0 : row.updatedAgo / SECOND;
    text += `${String(port).padStart(3)}\t${row.mac}\t${local ? 'yes' : 'no'}\t\t${centiseconds(age)}\n`;
  }
  ctx.print(text);
  return 0;
}

/** `%4i.%.2i`, cut and not rounded. */
function centiseconds(seconds: number): string {
  const total = Math.floor(seconds * 100);
  return `${String(Math.floor(total / 100)).padStart(4)}.${String(total % 100).padStart(2, '0')}`;
}
