/** `tc qdisc show` (tc_qdisc.c print_qdisc), as text and as JSON. */
import { netemText, shareNumber, type NetemSpec, type QdiscDumpRow } from '../../kernel/netlink';
import { Decimal, writeJson, type Json } from '../json';
import { Exit } from '../program';
import { incomplete, isPrefixOf, notModelled } from '../ip/args';
import type { Tc } from './index';
import { QDISC_USAGE } from './usage';

const PRIOMAP = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
const KB = 1024;

export function showQdiscs({ ctx, netlink, args, options }: Tc): number {
  let dev: string | undefined;
  while (!args.done) {
    const word = args.take();
    if (word === 'dev') dev = args.done ? incomplete() : args.take();
    else if (['ingress', 'clsact', 'parent', 'handle', 'invisible'].includes(word))
      notModelled(`tc qdisc show ${word}`);
    else if (word !== 'root') {
      if (!isPrefixOf(word, 'help')) throw new Exit(255, `What is "${word}"? Try "tc qdisc help".\n`);
      ctx.printError(QDISC_USAGE);
    }
  }
  if (dev !== undefined && !netlink.getLink(dev)) throw new Exit(1, `Cannot find device "${dev}"\n`);
  const rows = netlink.getQdiscs().filter((row) => dev === undefined || row.dev === dev);
  if (options.json) {
    const json = rows.map((row) => qdiscJson(row, dev === undefined, options.stats > 0));
    ctx.print(writeJson(json, options.pretty) + '\n');
    return 0;
  }
  ctx.print(rows.map((row) => qdiscText(row, dev === undefined, options.stats > 0)).join(''));
  return 0;
}

function qdiscText(row: QdiscDumpRow, withDev: boolean, withStats: boolean): string {
  const { stats } = row;
  const head = `qdisc ${row.kind} ${row.handle.toString(16)}: ${withDev ? `dev ${row.dev} ` : ''}root refcnt ${row.refcnt} `;
  let text = `${head}${optionsText(row)}\n`;
  if (withStats) {
    text += ` Sent ${stats.bytes} bytes ${stats.packets} pkt (dropped ${stats.dropped}, overlimits ${stats.overlimits} requeues ${stats.requeues}) \n`;
    text += ` backlog ${sizeText(stats.backlogBytes)} ${stats.backlogPackets}p requeues ${stats.requeues}\n`;
  }
  return text;
}

function optionsText(row: QdiscDumpRow): string {
  if (row.netem) return netemText(row.netem);
  return row.kind === 'pfifo_fast' ? `bands 3 priomap ${PRIOMAP.join(' ')}` : '';
}

/** sprint_size */
function sizeText(bytes: number): string {
  const near = (unit: number, slack: number) =>
    bytes >= unit && Math.abs(unit * Math.round(bytes / unit) - bytes) < slack;
  if (near(KB * KB, KB)) return `${Math.round(bytes / (KB * KB))}Mb`;
  if (near(KB, 16)) return `${Math.round(bytes / KB)}Kb`;
  return `${bytes}b`;
}

function qdiscJson(row: QdiscDumpRow, withDev: boolean, withStats: boolean): Json {
  const { stats } = row;
  return {
    kind: row.kind,
    handle: `${row.handle.toString(16)}:`,
    dev: withDev ? row.dev : undefined,
    root: true,
    refcnt: row.refcnt,
    options: optionsJson(row),
    ...(withStats
      ? {
          bytes: stats.bytes,
          packets: stats.packets,
          drops: stats.dropped,
          overlimits: stats.overlimits,
          requeues: stats.requeues,
          backlog: stats.backlogBytes,
          qlen: stats.backlogPackets,
        }
      : {}),
  };
}

function optionsJson(row: QdiscDumpRow): Json {
  if (row.netem) return netemJson(row.netem);
  return row.kind === 'pfifo_fast' ? { bands: 3, priomap: PRIOMAP, multiqueue: false } : {};
}

function netemJson(netem: Required<NetemSpec>): Json {
  const { limit, latency, jitter, loss, duplicate, correlation, rate } = netem;
  // print_float: `%g`.
  const seconds = (ns: number) => new Decimal(String(Number((ns / 1e9).toPrecision(6))));
  return {
    limit,
    delay:
      latency > 0
        ? { delay: seconds(latency), jitter: seconds(jitter), correlation: shareNumber(correlation.delay) }
        : undefined,
    'loss-random':
      loss > 0 ? { loss: shareNumber(loss), correlation: shareNumber(correlation.loss) } : undefined,
    duplicate:
      duplicate > 0
        ? { duplicate: shareNumber(duplicate), correlation: shareNumber(correlation.duplicate) }
        : undefined,
    rate: rate > 0 ? { rate, packetoverhead: 0, cellsize: 0, celloverhead: 0 } : undefined,
    ecn: false,
    gap: 0,
  };
}
