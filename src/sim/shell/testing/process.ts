/** Runs one program in a namespace of a small test network and tells what a terminal would have shown. */
import type { HostApi, ProcessContext } from '../../kernel/netlink';
import type { TestNet } from '../../kernel/testing/net';
import { Exit, type Program } from '../program';

export interface Outcome {
  readonly output: string;
  readonly exit: number | undefined;
  /** Virtual seconds from start to exit. */
  readonly seconds: number;
}

/** `interruptAfter`: seconds until Ctrl-C. The run ends with the program, at the latest after `limit` seconds. */
export function runProgram(
  net: TestNet,
  netns: string,
  program: Program,
  args: string,
  options: { interruptAfter?: number; limit?: number } = {},
): Outcome {
  let output = '';
  let exit: number | undefined;
  let ended = 0;
  let interrupt = (): void => ctx.exit(130);
  const start = net.engine.now;
  const ctx: ProcessContext = {
    netns: net.get(netns).handle,
    netlink: net.get(netns).netlink({ by: program.name, cause: -1 }),
    sockets: net.get(netns).socketApi({ by: program.name, cause: -1 }),
    random: net.ground.random,
    now: () => net.engine.now,
    after: (delay, action) =>
      net.engine.after(delay, () => {
        if (exit === undefined) action();
      }),
    print: (text) => (output += exit === undefined ? text : ''),
    printError: (text) => (output += exit === undefined ? text : ''),
    exit: (code) => {
      if (exit === undefined) ended = net.engine.now;
      exit ??= code;
    },
    onInterrupt: (action) => (interrupt = action),
    host: undefined as unknown as HostApi,
  };
  try {
    const code = program.run(
      ctx,
      args.split(' ').filter((word) => word !== ''),
      {},
    );
    if (code !== 'running') ctx.exit(code);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    output += error.message;
    ctx.exit(error.code);
  }
  if (options.interruptAfter !== undefined) net.engine.after(options.interruptAfter * 1e9, () => interrupt());
  const limit = start + (options.limit ?? 120) * 1e9;
  while (exit === undefined && (net.engine.nextTime() ?? Infinity) <= limit) net.engine.step();
  return { output, exit, seconds: (ended - start) / 1e9 };
}
