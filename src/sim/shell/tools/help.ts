/** help: what can be typed here. */
import type { Group, Program } from '../program';

const GROUPS: readonly Group[] = [
  'addresses and routes',
  'bridges',
  'net-tools',
  'probes',
  'containers and etcd',
  'shell',
];

/** `programs` is asked when the command runs, so that the list may contain help itself. */
export function makeHelp(programs: () => readonly Program[]): Program {
  return {
    name: 'help',
    group: 'shell',
    about: 'list the commands; help NAME tells about one',
    run(ctx, args) {
      const all = programs();
      const [wanted] = args;
      if (wanted !== undefined) {
        const program = all.find((candidate) => candidate.name === wanted);
        if (!program) {
          ctx.printError(`bash: help: no help topics match \`${wanted}'.\n`);
          return 1;
        }
        ctx.print(`${program.name}: ${program.about}\n`);
        return 0;
      }
      const width = Math.max(0, ...all.map((program) => program.name.length));
      const parts = GROUPS.map((group) => {
        const rows = all.filter((program) => program.group === group);
        const lines = rows.map((program) => `  ${program.name.padEnd(width)}  ${program.about}\n`);
        return lines.length === 0 ? '' : `${group}\n${lines.join('')}`;
      });
      ctx.print(parts.filter((part) => part !== '').join('\n'));
      return 0;
    },
  };
}
