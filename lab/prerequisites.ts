/** Whether a room can be made here, and what has to be installed first. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Box } from './box';

/** Tool to Debian package. */
const TOOLS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  bridge: 'iproute2',
  tcpdump: 'tcpdump',
  ping: 'iputils-ping',
  traceroute: 'traceroute',
  ethtool: 'ethtool',
  brctl: 'bridge-utils',
  route: 'net-tools',
  arp: 'net-tools',
  sysctl: 'procps',
  pidof: 'sysvinit-utils',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  timeout: 'coreutils',
  bash: 'bash',
  'iptables-legacy': 'iptables',
  conntrack: 'conntrack',
  ipset: 'ipset',
  curl: 'curl',
  // What `nc` is goes by Debian's alternatives: the OpenBSD one comes first.
  'nc.openbsd': 'netcat-openbsd',
  perl: 'perl-base',
};
const PATHS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const BRIDGE_FILTER = '/proc/sys/net/bridge';
const INSTALL_MS = 300_000;

function missing(): string[] {
  return Object.keys(TOOLS).filter((tool) => !PATHS.some((path) => existsSync(`${path}/${tool}`)));
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function install(tools: readonly string[]): void {
  const packages = [...new Set(tools.map((tool) => TOOLS[tool] ?? tool))];
  const apt = (words: readonly string[]) =>
    spawnSync('apt-get', ['-qq', ...words], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
      timeout: INSTALL_MS,
    }).status === 0;
  const words = ['install', '-y', '--no-install-recommends', ...packages];
  if (!apt(words) && apt(['update'])) apt(words);
}

/** Undefined when the lab can run, else one line saying why not. Installs what is missing on Debian. */
export async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces';
  if (missing().length > 0 && isDebian()) install(missing());
  const still = missing();
  if (still.length > 0) return `not installed: ${still.join(', ')}`;
  // Loaded or built in; iptables sees what bridges switch by it.
  if (!existsSync(BRIDGE_FILTER)) spawnSync('modprobe', ['br_netfilter'], { stdio: 'ignore' });
  if (!existsSync(BRIDGE_FILTER)) return 'no br_netfilter';
  try {
    return await tryRoom();
  } catch (error) {
    return `namespaces are not allowed here: ${oneLine(error instanceof Error ? error.message : String(error))}`;
  }
}

async function tryRoom(): Promise<string | undefined> {
  const box = await Box.open();
  try {
    const link = 'ip link add probe0 type veth peer name probe1 netns probe';
    const made = await box.run('here', `ip netns add probe && ${link}`);
    if (made.exit !== 0) return `no namespaces or veth here: ${oneLine(made.output)}`;
    const listen = 'tcpdump -Z root --immediate-mode -i lo -c 1 -w /dev/null';
    const heard = await box.run(
      'here',
      `${listen} & heard=$!; ping -c 20 -i 0.2 127.0.0.1 > /dev/null 2>&1 & wait $heard`,
      5,
    );
    return heard.exit === 0 ? undefined : `tcpdump cannot listen here: ${oneLine(heard.output)}`;
  } finally {
    await box.close();
  }
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
