/** The simulation without a browser. Exit 0: it ran; 2: the input is wrong, and the message says where. */
import { transcript } from '../explain/index';
import { catalogue, exportLab } from '../scenarios/index';
import { scenarioJsonSchema } from '../scenarios/json-schema';
import { parseArgs, USAGE, type Args } from './args';
import { commandRecords } from './commands';
import { writeOut } from './out';
import { open } from './source';

type RunArgs = Extract<Args, { verb: 'run' | 'lab' }>;

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

async function run(args: RunArgs): Promise<number> {
  const opened = open(args.source, args.execs, { settleNs: args.settleNs });
  if (!opened.ok) return fail(opened.error);
  const { world, journal, title, notes } = opened.value;
  world.execute(journal);
  world.finish();
  if (args.out !== undefined) await writeOut(world, args.out, args.boot);
  const { trace } = world;
  const commands = commandRecords(trace);
  const story = transcript(trace, 'en').join('\n');
  if (args.json) {
    const { events, frames, upSeq, end } = trace;
    const counts = { events: events.length, frames: frames.length, upSeq, end };
    print(JSON.stringify({ title, notes, commands, ...counts, stopped: world.stopped, transcript: story }));
    return 0;
  }
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (world.stopped) process.stderr.write('note: the run was stopped by its bound on events or time\n');
  for (const { namespace, command, output } of commands) {
    print(`[${namespace}] $ ${command}\n`);
    print(output);
    print('\n');
  }
  print(story);
  return 0;
}

function lab(args: RunArgs): number {
  const opened = open(args.source, args.execs, {});
  if (!opened.ok) return fail(opened.error);
  const { world, journal, title, notes } = opened.value;
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  print(exportLab(world.trace, journal, title).script);
  return 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const args = parseArgs(argv);
  if (!args.ok) return fail(args.error);
  switch (args.value.verb) {
    case 'help':
      print(USAGE);
      return 0;
    case 'list':
      print(catalogue.map(({ id }) => id).join('\n'));
      return 0;
    case 'schema':
      print(scenarioJsonSchema());
      return 0;
    case 'run':
      return run(args.value);
    case 'lab':
      return lab(args.value);
  }
}

// A reader that closes early (`| head`) is no error.
process.stdout.on('error', () => process.exit(0));
process.exitCode = await main(process.argv.slice(2));
