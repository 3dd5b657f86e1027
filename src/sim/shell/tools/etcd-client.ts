/** What every etcdctl command of API 3 shares: its client's complaints, and lease ids. */
import type { ProcessContext } from '../../kernel/netlink';
import { isoMillis } from '../calendar';
import { Exit } from '../program';

export const SECOND = 1_000_000_000;
/** --command-timeout. */
const COMMAND_TIMEOUT = 5 * SECOND;
export const BAD_ARGUMENTS = 128;
const ENDPOINT = '127.0.0.1:2379';

/** The line clientv3's interceptor logs for each failed call; time and client id are this run's. */
function warning(ctx: ProcessContext, code: string, text: string): string {
  const hex = (digits: number): string =>
    (ctx.random.u32() % 16 ** Math.min(digits, 7)).toString(16).padStart(digits, '0');
  const id = `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
  const line = {
    level: 'warn',
    ts: isoMillis(ctx.now()),
    caller: 'clientv3/retry_interceptor.go:62',
    msg: 'retrying of unary invoker failed',
    target: `endpoint://client-${id}/${ENDPOINT}`,
    attempt: 0,
    error: `rpc error: code = ${code} desc = ${text}`,
  };
  return `${JSON.stringify(line)}\n`;
}

/** Nobody answers: the command gives up after its timeout. */
export function unreachable(ctx: ProcessContext): 'running' {
  ctx.after(COMMAND_TIMEOUT, () => {
    const why = 'latest balancer error: all SubConns are in TransientFailure';
    ctx.printError(`${warning(ctx, 'DeadlineExceeded', why)}Error: context deadline exceeded\n`);
    ctx.exit(1);
  });
  return 'running';
}

/** A call that etcd refused; `said` is what the command makes of it. */
export function refusal(ctx: ProcessContext, error: string, said = error): Exit {
  const code = error.includes('not found')
    ? 'NotFound'
    : error.includes('too large')
      ? 'OutOfRange'
      : 'Unknown';
  return new Exit(1, `${warning(ctx, code, error)}Error: ${said}\n`);
}

/** Sixteen hex digits of what was typed. */
export function leaseId(text: string, what: 'lease ID' | 'lease ID arg'): string {
  if (/^[0-9a-fA-F]{1,16}$/.test(text)) return text.toLowerCase().padStart(16, '0');
  const why = `strconv.ParseInt: parsing "${text}": invalid syntax`;
  throw new Exit(BAD_ARGUMENTS, `Error: bad ${what} (${why}), expecting ID in Hex\n`);
}
