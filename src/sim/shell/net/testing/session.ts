/** Commands side by side in a small network, as several terminals would run them. */
import type { HostApi, ProcessContext } from '../../../kernel/netlink';
import type { TestNet } from '../../../kernel/testing/net';
import { runCommand, splitWords } from '../../index';

export class Running {
  stdout = '';
  stderr = '';
  exit: number | undefined;
  interrupt: () => void = () => undefined;
}

/** Starts a command line; time passes with `net.engine`. */
export function begin(net: TestNet, netns: string, line: string): Running {
  const running = new Running();
  const requester = { by: line.split(' ')[0] ?? '', cause: -1 };
  const over = (): boolean => running.exit !== undefined;
  const ctx: ProcessContext = {
    netns: net.get(netns).handle,
    netlink: net.get(netns).netlink(requester),
    sockets: net.get(netns).socketApi(requester),
    random: net.ground.random,
    now: () => net.engine.now,
    after: (delay, action) => net.engine.after(delay, () => (over() ? undefined : action())),
    print: (text) => (running.stdout += over() ? '' : text),
    printError: (text) => (running.stderr += over() ? '' : text),
    exit: (code) => (running.exit ??= code),
    onInterrupt: (action) => (running.interrupt = action),
    host: { containers: () => [] } as unknown as HostApi,
  };
  const words = splitWords(line);
  if (!words.ok) {
    running.stderr = `bash: ${words.error}\n`;
    running.exit = 2;
  } else runCommand(ctx, words.value);
  return running;
}
