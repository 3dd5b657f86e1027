/** Runs the commands of a journal in a room, with the real tools. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { JournalEntry } from '../src/sim/index';
import type { Box, Place } from './box';
import type { CommandOutput } from './types';

const MAX_COMMAND_SECONDS = 60;
/** What runs in the background is given a moment to begin. */
const BACKGROUND_MS = 400;
const TCPDUMP_MS = 1_200;

interface Command {
  readonly index: number;
  readonly netns: string;
  readonly text: string;
}

interface JournalRun {
  /** Interrupts what runs in the background, as at the end of a session. One for each entry. */
  finish(): Promise<CommandOutput[]>;
}

/**
 * Returns when all commands but those in the background have ended.
 *
 * One after another; entries with a time of their own, and those that end in `&`, beside the others. `began` is time 0
 * (ms since 1970), `root` the namespace that is the room itself.
 */
export async function runJournal(
  box: Box,
  journal: readonly JournalEntry[],
  began: number,
  root?: string,
): Promise<JournalRun> {
  const results: CommandOutput[] = [];
  const timed: Promise<void>[] = [];
  const background = new Map<number, Promise<void>>();
  let sequence: Command[] = [];
  const flush = async () => {
    await runSequence(box, sequence, results, root);
    sequence = [];
  };
  for (const [index, { netns, command, at }] of journal.entries()) {
    const text = command.replace(/ &\s*$/, '');
    const one = { index, netns, text };
    if (text === command && at === undefined) {
      sequence.push(one);
      continue;
    }
    await flush();
    const start = at === undefined ? 0 : Math.max(0, began + at / 1e6 - Date.now());
    const running = wait(start).then(() => runSequence(box, [one], results, root));
    if (text === command) timed.push(running);
    else {
      background.set(index, running);
      await wait(start + BACKGROUND_MS);
    }
  }
  await flush();
  await Promise.all(timed);
  const finish = async () => {
    // tcpdump is handed what it captures once a second.
    if (background.size > 0) await wait(TCPDUMP_MS);
    for (const index of background.keys()) {
      await box.run('here', `kill -INT $(cat ${box.dir}/pid-${index}) 2>/dev/null || true`);
    }
    await Promise.all(background.values());
    return results;
  };
  return { finish };
}

/** In one shell, so that nothing but the commands takes time. */
async function runSequence(
  box: Box,
  commands: readonly Command[],
  results: CommandOutput[],
  root: string | undefined,
): Promise<void> {
  if (commands.length === 0) return;
  const lines = commands.map((command) => {
    const { netns, text } = inside(command);
    const file = join(box.dir, `command-${command.index}`);
    writeFileSync(box.outside(file), `echo $$ > ${box.dir}/pid-${command.index}\nexec ${text}\n`);
    const within = place(netns, root) === 'here' ? '' : `ip netns exec ${netns} `;
    return `${within}bash ${file} > ${file}.out 2>&1 < /dev/null; echo $? > ${file}.exit`;
  });
  const done = await box.run('here', lines.join('\n'), MAX_COMMAND_SECONDS);
  if (done.exit !== 0) throw new Error(`running commands: exit ${done.exit}: ${done.output.trim()}`);
  for (const { index, netns, text } of commands) {
    const outside = box.outside(join(box.dir, `command-${index}`));
    const output = readFileSync(`${outside}.out`, 'utf8');
    results[index] = { netns, command: text, output, exit: Number(readFileSync(`${outside}.exit`, 'utf8')) };
  }
}

function place(netns: string, root: string | undefined): Place {
  return netns === root ? 'here' : { netns };
}

/** `docker exec NAME …` runs in the container's own namespace. */
function inside({ netns, text }: Command): { netns: string; text: string } {
  const match = /^docker\s+exec\s+(?:-\S+\s+)*(\S+)\s+(.+)$/.exec(text);
  return match ? { netns: match[1] ?? netns, text: match[2] ?? '' } : { netns, text };
}
