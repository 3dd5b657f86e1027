/** The commands people type: words in, a program found, its output and exit code. */
import type { ProcessContext } from '../kernel/netlink';
import { bridge } from './bridge/index';
import { ip } from './ip/index';
import { brctl } from './nettools/brctl';
import { nettools } from './nettools/index';
import { ping } from './ping/index';
import { Exit, type Environment } from './program';
import { programs } from './registry';
export { splitWords } from './words';
export interface Completion {
  readonly from: number;
  readonly candidates: readonly string[];
}
export interface CompletionEnv {
  readonly devices: readonly string[];
  readonly addresses: readonly string[];
  readonly namespaces: readonly string[];
  readonly containers: readonly string[];
}
for (const program of [ip, bridge, brctl, ...nettools, ping]) programs.set(program.name, program);
export const commandNames: readonly string[] = [...programs.keys()];
export function complete(line: string, _env: CompletionEnv): Completion {
  return { from: line.length, candidates: [] };
}
export function runCommand(ctx: ProcessContext, words: readonly string[]): void {
  const env: Environment = {};
  const [name = '', ...args] = words;
  const program = programs.get(name);
  if (name === 'sysctl' && args[0] !== undefined) {
    const [key = '', value = ''] = (args.at(-1) ?? '').split('=');
    ctx.netlink.setSysctl(key, value);
    ctx.exit(0);
    return;
  }
  if (name === 'sleep') {
    ctx.after(Number(args[0]) * 1e9, () => ctx.exit(0));
    return;
  }
  if (!program) {
    ctx.printError(`bash: ${name}: command not found\n`);
    ctx.exit(127);
    return;
  }
  try {
    const code = program.run(ctx, args, env);
    if (code !== 'running') ctx.exit(code);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    if (error.stream === 'stdout') ctx.print(error.message);
    else ctx.printError(error.message);
    ctx.exit(error.code);
  }
}
