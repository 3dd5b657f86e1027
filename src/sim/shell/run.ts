import type { ProcessContext } from '../kernel/netlink';
import { Exit, type Environment } from './program';
import { pipeIn } from './pipe';
import { programs } from './registry';

/** A word that sets a variable for the command after it. */
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;

/**
 * Runs one command: leading `VAR=value` words, `sudo` (everybody is root here), a program and its arguments. Output goes
 * through the context; it ends with the program's own exit code, or 127 for a name that is none.
 */
export function runCommand(ctx: ProcessContext, line: readonly string[]): void {
  const piped = pipeIn(line);
  const words = piped?.words ?? line;
  const env: Record<string, string> = {};
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const assignment = ASSIGNMENT.exec(word);
    if (assignment) env[assignment[1] ?? ''] = assignment[2] ?? '';
    else if (word !== 'sudo') break;
  }
  const name = words[at];
  if (name === undefined) ctx.exit(0);
  else runProgram(ctx, name, words.slice(at + 1), env, piped?.stdin);
}

function runProgram(
  ctx: ProcessContext,
  name: string,
  args: readonly string[],
  env: Environment,
  stdin: string | undefined,
): void {
  const program = programs.get(name);
  if (!program) {
    ctx.printError(
      `bash: ${name}: ${name.includes('/') ? 'No such file or directory' : 'command not found'}\n`,
    );
    ctx.exit(127);
    return;
  }
  try {
    const code = program.run(ctx, args, env, stdin);
    if (code !== 'running') ctx.exit(code);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    if (error.message !== '') {
      if (error.stream === 'stdout') ctx.print(error.message);
      else ctx.printError(error.message);
    }
    ctx.exit(error.code);
  }
}
