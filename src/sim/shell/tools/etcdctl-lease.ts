/** `etcdctl lease` of etcdctl 3.4.23. */
import type { EtcdClient, ProcessContext } from '../../kernel/netlink';
import { Exit } from '../program';
import { BAD_ARGUMENTS, leaseId, refusal, SECOND } from './etcd-client';

const USAGE = `NAME:
\tlease - Lease related commands

USAGE:
\tetcdctl lease <subcommand> [flags]

API VERSION:
\t3.4


COMMANDS:
\tgrant\t\tCreates leases
\tkeep-alive\tKeeps leases alive (renew)
\tlist\t\tList all active leases
\trevoke\t\tRevokes leases
\ttimetolive\tGet lease information

OPTIONS:
  -h, --help[=false]\thelp for lease

`;
const GONE = 2;

function needs(count: boolean, text: string): void {
  if (!count) throw new Exit(BAD_ARGUMENTS, `Error: ${text}\n`);
}

function grant(ctx: ProcessContext, etcd: EtcdClient, words: readonly string[]): number {
  const [text = ''] = words;
  needs(words.length === 1, 'lease grant command needs TTL argument');
  needs(/^[+-]?\d+$/.test(text), `bad TTL (strconv.ParseInt: parsing "${text}": invalid syntax)`);
  const granted = etcd.grant(Number(text));
  if (!granted.ok) throw refusal(ctx, granted.error, `failed to grant lease (${granted.error})`);
  ctx.print(`lease ${granted.value.id} granted with TTL(${granted.value.ttlSec}s)\n`);
  return 0;
}

function revoke(ctx: ProcessContext, etcd: EtcdClient, words: readonly string[]): number {
  needs(words.length === 1, 'lease revoke command needs 1 argument');
  const id = leaseId(words[0] ?? '', 'lease ID arg');
  const done = etcd.revoke(id);
  if (!done.ok) throw refusal(ctx, done.error, `failed to revoke lease (${done.error})`);
  ctx.print(`lease ${id} revoked\n`);
  return 0;
}

function timetolive(ctx: ProcessContext, etcd: EtcdClient, words: readonly string[], keys: boolean): number {
  needs(words.length === 1, 'lease timetolive command needs lease ID as argument');
  const id = leaseId(words[0] ?? '', 'lease ID arg');
  const lease = etcd.leases().find((each) => each.id === id);
  if (!lease) ctx.print(`lease ${id} already expired\n`);
  else {
    const attached = keys ? `, attached keys([${lease.keys.join(' ')}])` : '';
    ctx.print(
      `lease ${id} granted with TTL(${lease.ttlSec}s), remaining(${lease.remainingSec}s)${attached}\n`,
    );
  }
  return 0;
}

/** Those that end first come first. */
function list(ctx: ProcessContext, etcd: EtcdClient): number {
  const leases = etcd.leases().toSorted((a, b) => a.remainingSec - b.remainingSec);
  ctx.print(`found ${leases.length} leases\n${leases.map(({ id }) => `${id}\n`).join('')}`);
  return 0;
}

function keepAlive(
  ctx: ProcessContext,
  etcd: EtcdClient,
  words: readonly string[],
  once: boolean,
): number | 'running' {
  needs(words.length === 1, 'lease keep-alive command needs lease ID as argument');
  const id = leaseId(words[0] ?? '', 'lease ID arg');
  const first = etcd.keepAlive(id);
  if (!first.ok && once) throw new Exit(GONE, `Error: ${first.error}\n`);
  const step = (kept: typeof first): void => {
    if (!kept.ok) {
      ctx.print(`lease ${id} expired or revoked.\n`);
      return ctx.exit(0);
    }
    ctx.print(`lease ${id} keepalived with TTL(${kept.value.ttlSec})\n`);
    if (once) return ctx.exit(0);
    ctx.after((kept.value.ttlSec * SECOND) / 3, () => {
      // etcd may be away just now; the lease does not run out meanwhile.
      const now = ctx.host.etcd();
      if (now) step(now.keepAlive(id));
      else ctx.after(SECOND / 2, () => step(ctx.host.etcd()?.keepAlive(id) ?? kept));
    });
  };
  step(first);
  return 'running';
}

export function lease(
  ctx: ProcessContext,
  etcd: EtcdClient,
  [verb, ...words]: readonly string[],
  flag: (name: string) => boolean,
): number | 'running' {
  switch (verb) {
    case 'grant':
      return grant(ctx, etcd, words);
    case 'revoke':
      return revoke(ctx, etcd, words);
    case 'timetolive':
      return timetolive(ctx, etcd, words, flag('keys'));
    case 'list':
      return list(ctx, etcd);
    case 'keep-alive':
      return keepAlive(ctx, etcd, words, flag('once'));
    default:
      throw new Exit(0, USAGE, 'stdout');
  }
}
