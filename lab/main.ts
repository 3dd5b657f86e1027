/**
 * npm run lab [-- ID…] [--stop] [--list]: rebuilds scenarios in Linux network namespaces and compares them, frame by
 * frame and row by row, with what the simulator says. Needs Linux and root. Exit 0 when nothing differs or nothing can
 * be compared here, 1 on a difference, 2 on wrong words.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Box } from './box';
import { allCases, type ListedCase } from './cases/index';
import { compare } from './compare';
import { openToAll, writesLog } from './kernel-log';
import { NotHere, observeLinux } from './linux-side';
import { givenNumbers, labTexts } from './outputs';
import { whyNot } from './prerequisites';
import { count, differenceText, exceptionsText, summary } from './report';
import { observeSim } from './sim-side';

/** Cases wait most of their time, for links to come up and for timers. */
const AT_ONCE = 4;
/** More than these are no matter of time. */
const MOST_AGAIN = 10;
const NAME_WIDTH = 28;

interface Words {
  readonly cases: readonly ListedCase[];
  readonly list: boolean;
  readonly stop: boolean;
}

function read(words: readonly string[]): Words {
  const known = allCases();
  const flags = words.filter((word) => word.startsWith('--'));
  const ids = words.filter((word) => !word.startsWith('--'));
  const wrong = flags.find((flag) => !['--keep-going', '--stop', '--list'].includes(flag));
  if (wrong !== undefined) throw new Error(`${wrong} is not known; there are --list, --stop, --keep-going`);
  const unknown = ids.find((id) => !known.some((each) => each.id === id));
  if (unknown !== undefined) throw new Error(`there is no case ${unknown}; --list names them`);
  return {
    cases: ids.length === 0 ? known : known.filter(({ id }) => ids.includes(id)),
    list: flags.includes('--list'),
    stop: flags.includes('--stop'),
  };
}

type Outcome = 'passed' | 'failed' | 'skipped';

let last: Promise<unknown> = Promise.resolve();

/** One after another: there is one kernel log. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work, work);
  last = mine.catch(() => undefined);
  return mine;
}

async function runCase(
  listed: ListedCase,
  rooms: Set<Box>,
  readable: boolean,
): Promise<{ outcome: Outcome; text: string }> {
  const name = listed.id.padEnd(NAME_WIDTH);
  try {
    const labCase = listed.load();
    const sim = observeSim(labCase);
    const logs = writesLog(labCase);
    const look = () => observeLinux(labCase, sim, rooms, logs && readable);
    const linux = await (logs ? alone(look) : look());
    const differences = compare(linux, sim, givenNumbers(labTexts(labCase)));
    const unread = logs && !readable ? ' (skipped: kernel log not readable)' : '';
    if (differences.length === 0) {
      return { outcome: 'passed', text: `ok    ${name} ${summary(linux)}${unread}` };
    }
    const what = differences.map(({ what }) => what).join(', ');
    const text = [`FAIL  ${name} differs in ${what}`, ...differences.map(differenceText)].join('\n');
    return { outcome: 'failed', text };
  } catch (error) {
    if (error instanceof NotHere)
      return { outcome: 'skipped', text: `skip  ${name} skipped: ${error.message}` };
    const text = `FAIL  ${name} ${error instanceof Error ? error.message : String(error)}`;
    return { outcome: 'failed', text };
  }
}

/**
 * A busy machine runs commands late, and the kernel's timers go on meanwhile. So what differs beside other cases is run once
 * more with the machine for itself, and that counts.
 */
async function runAll({ cases, stop }: Words, rooms: Set<Box>, readable: boolean): Promise<number> {
  let passed = 0;
  const differing: ListedCase[] = [];
  const waiting = [...cases];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { outcome, text } = await runCase(next, rooms, readable);
      console.log(text);
      if (outcome === 'passed') passed++;
      else if (outcome === 'failed') differing.push(next);
      if (stop && differing.length > 0) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  let failed = differing.length;
  if (failed > 0 && failed <= MOST_AGAIN && cases.length > 1 && !stop) {
    console.log(`once more, alone: ${count(failed, 'case')}`);
    for (const each of differing) {
      const { outcome, text } = await runCase(each, rooms, readable);
      console.log(text);
      // A skip does not take a difference back.
      if (outcome !== 'passed') continue;
      failed--;
      passed++;
    }
  }
  console.log(exceptionsText());
  const skipped = cases.length - passed - failed;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  let words: Words;
  try {
    words = read(process.argv.slice(2));
  } catch (error) {
    console.error(`lab: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  if (words.list) {
    for (const { id, about } of words.cases) console.log(`${id.padEnd(NAME_WIDTH)} ${about}`);
    return 0;
  }
  const reason = await whyNot();
  if (reason !== undefined) {
    console.log(`lab: skipped: ${reason}`);
    console.log(`0 passed, 0 failed, ${words.cases.length} skipped`);
    return 0;
  }
  const rooms = new Set<Box>();
  const putBack = openToAll();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      void Promise.race([Promise.all([...rooms].map((room) => room.close())), wait(2000)]).then(() => {
        putBack?.();
        process.exit(130);
      });
    });
  }
  try {
    return await runAll(words, rooms, putBack !== undefined);
  } finally {
    putBack?.();
  }
}

process.exitCode = await main();
