/** `sh -c LINE` and `bash -c LINE`: one command line inside another, as `ip netns exec` and `docker exec` need it. */
import type { ProcessContext } from '../kernel/netlink';
import { Exit, type Program } from './program';
import { runCommand } from './run';
import { splitWords } from './words';

function makeShell(name: string): Program {
  return {
    name,
    group: 'shell',
    about: `${name} -c 'COMMAND': run one command line`,
    run(ctx: ProcessContext, args: readonly string[]): 'running' {
      const [option, line] = args;
      if (option !== '-c') throw new Exit(2, `${name}: only -c 'COMMAND' is understood here.\n`);
      if (line === undefined) throw new Exit(2, `${name}: -c: option requires an argument\n`);
      const words = splitWords(line);
      if (!words.ok) throw new Exit(2, `${name}: ${words.error}\n`);
      // A quoted line gets shorter with every level, so this comes to an end.
      runCommand(ctx, words.value);
      return 'running';
    },
  };
}

export const subshells: readonly Program[] = [makeShell('sh'), makeShell('bash')];
